/** What the page knows of the line now, and how each event changes it. Every reducer returns a new state or the old one. */

import type { Alarm } from "../api/alarms";
import type { Inspection } from "../api/defects";
import type { Decision, Part } from "../api/parts";
import type { Counts, Device, Queue, Service } from "../api/stations";
import type { Scalar, TagScan } from "../api/tags";
import type { Reducers } from "./collection";

export const STRIP_LENGTH = 20;

export interface StationNow {
  /** Decided parts, newest first. */
  ruled: readonly Part[];
  /** Cameras without a verdict, by part; of the parts in `ruled`. */
  absent: Readonly<Record<string, readonly string[]>>;
  /** The newest live inspection of each camera. */
  inspections: Readonly<Record<string, Inspection>>;
  lastFail: Inspection | null;
  counts: Counts | null;
}

export interface TagNow {
  plc: string;
  group: string;
  value: Scalar | null;
  bad: string | null;
  /** Why the value is doubtful. */
  uncertain: string | null;
  at: string;
  /** When it reached this page, ms since 1970. */
  received: number;
  /** The time between the last two values, ms; null until two came. */
  period: number | null;
}

export interface Links {
  broker: boolean;
  database: boolean;
}

export interface LineNow {
  stations: Readonly<Record<string, StationNow>>;
  /** Serial of the newest parts, by part. */
  serials: ReadonlyMap<string, string>;
  tags: Readonly<Record<string, TagNow>>;
  alarms: Readonly<Record<string, Alarm>>;
  devices: Readonly<Record<string, Device>>;
  services: Readonly<Record<string, Service>>;
  /** Records of each publisher that wait for the database. */
  queues: Readonly<Record<string, number>>;
  /** Whether the server itself hears from broker and database; null until it has said so. */
  links: Links | null;
}

export interface StationCounts {
  name: string;
  counts: Counts;
}

export interface Snapshot {
  stations: StationCounts[];
  parts: Part[];
  inspections: Inspection[];
  tags: TagScan[];
  alarms: Alarm[];
  devices: Device[];
  services: Service[];
  queues: Queue[];
  links: Links;
}

export interface LineEvents {
  snapshot: Snapshot;
  station: StationCounts;
  part: Part;
  inspection: Inspection;
  decision: Decision;
  tags: TagScan;
  alarm: Alarm;
  device: Device;
  service: Service;
  queue: Queue;
  links: Links;
}

/** Parts whose serial is remembered. */
const SERIALS_KEPT = 200;

export const NOTHING: LineNow = {
  stations: {},
  serials: new Map(),
  tags: {},
  alarms: {},
  devices: {},
  services: {},
  queues: {},
  links: null,
};
export const EMPTY_STATION: StationNow = { ruled: [], absent: {}, inspections: {}, lastFail: null, counts: null };

function inStation(state: LineNow, name: string, change: (station: StationNow) => StationNow): LineNow {
  const before = state.stations[name] ?? EMPTY_STATION;
  return { ...state, stations: { ...state.stations, [name]: change(before) } };
}

export function partName(part: Pick<Part, "serial" | "counter" | "id">): string {
  return part.serial ?? (part.counter === null ? part.id.slice(0, 8) : `#${part.counter}`);
}

function part(state: LineNow, changed: Part): LineNow {
  const serials = new Map([...state.serials, [changed.id, partName(changed)] as const].slice(-SERIALS_KEPT));
  const named = { ...state, serials };
  if (changed.result === null) return named;
  return inStation(named, changed.station, (station) => ({ ...station, ruled: placed(station.ruled, changed) }));
}

function placed(ruled: readonly Part[], changed: Part): readonly Part[] {
  const others = ruled.filter(({ id }) => id !== changed.id);
  const at = (one: Part) => Date.parse(one.decided_at ?? one.created_at);
  return [changed, ...others].sort((a, b) => at(b) - at(a)).slice(0, STRIP_LENGTH);
}

function inspection(state: LineNow, made: Inspection): LineNow {
  if (made.role !== "live") return state;
  return inStation(state, made.station, (station) => ({
    ...station,
    inspections: { ...station.inspections, [made.camera]: made },
    lastFail: made.verdict === "fail" ? made : station.lastFail,
  }));
}

function decision(state: LineNow, told: Decision): LineNow {
  if (told.absent.length === 0) return state;
  return inStation(state, told.station, (station) => {
    const shown = new Set(station.ruled.map(({ id }) => id));
    const kept = Object.entries(station.absent).filter(([id]) => shown.has(id));
    return { ...station, absent: { ...Object.fromEntries(kept), [told.part_id]: told.absent } };
  });
}

function tags(state: LineNow, scan: TagScan, received = Date.now()): LineNow {
  const next: Record<string, TagNow> = { ...state.tags };
  const set = (name: string, value: Scalar | null, bad: string | null) => {
    const before = state.tags[name];
    const period = before ? Math.max(0, Date.parse(scan.at) - Date.parse(before.at)) : null;
    const uncertain = scan.uncertain?.[name] ?? null;
    next[name] = { plc: scan.plc, group: scan.group, value, bad, uncertain, at: scan.at, received, period };
  };
  for (const [name, value] of Object.entries(scan.values)) set(name, value, null);
  for (const [name, why] of Object.entries(scan.bad)) set(name, null, why);
  return { ...state, tags: next };
}

function alarm(state: LineNow, changed: Alarm): LineNow {
  const alarms = { ...state.alarms };
  if (changed.status === "closed") delete alarms[changed.id];
  else alarms[changed.id] = changed;
  return { ...state, alarms };
}

const device = (state: LineNow, status: Device): LineNow => ({
  ...state,
  devices: { ...state.devices, [`${status.kind}/${status.name}`]: status },
});

const service = (state: LineNow, status: Service): LineNow => ({
  ...state,
  services: { ...state.services, [`${status.service}/${status.instance}`]: status },
});

const queue = (state: LineNow, { source, waiting }: Queue): LineNow => ({
  ...state,
  queues: { ...state.queues, [source]: waiting },
});

const station = (state: LineNow, { name, counts }: StationCounts): LineNow =>
  inStation(state, name, (before) => ({ ...before, counts }));

/**
 * A snapshot replaces what describes now: what ended while the link was down must not linger. Parts are facts and stay,
 * unless more came meanwhile than the snapshot holds: a strip with a hole in it would mislead.
 */
function snapshot(before: LineNow, all: Snapshot): LineNow {
  const newest = Math.max(0, ...all.tags.map(({ at }) => Date.parse(at)));
  const kept = follows(before, all.parts) ? before.stations : lastFails(before);
  let state: LineNow = { ...NOTHING, serials: before.serials, stations: kept, links: all.links };
  for (const one of all.stations) state = station(state, one);
  for (const one of oldestFirst(all.parts, ({ created_at }) => created_at)) state = part(state, one);
  for (const one of oldestFirst(all.inspections, ({ inspected_at }) => inspected_at)) state = inspection(state, one);
  for (const one of all.tags) state = tags(state, one, Date.now() - (newest - Date.parse(one.at)));
  for (const one of all.alarms) state = alarm(state, one);
  for (const one of all.devices) state = device(state, one);
  for (const one of all.services) state = service(state, one);
  for (const one of all.queues) state = queue(state, one);
  return state;
}

/** Whether the snapshot's parts reach back to what is known. */
function follows(before: LineNow, parts: readonly Part[]): boolean {
  const known = Object.values(before.stations).flatMap(({ ruled }) => ruled.map(({ created_at }) => Date.parse(created_at)));
  return Math.max(...known) >= Math.min(...parts.map(({ created_at }) => Date.parse(created_at)));
}

function lastFails(before: LineNow): LineNow["stations"] {
  const stations = Object.entries(before.stations);
  return Object.fromEntries(stations.map(([name, { lastFail }]) => [name, { ...EMPTY_STATION, lastFail }]));
}

function oldestFirst<T>(items: readonly T[], at: (item: T) => string): T[] {
  return [...items].sort((a, b) => Date.parse(at(a)) - Date.parse(at(b)));
}

export const lineReducers: Reducers<LineNow, LineEvents> = {
  snapshot,
  station,
  part,
  inspection,
  decision,
  tags,
  alarm,
  device,
  service,
  queue,
  links: (state, links) => ({ ...state, links }),
};
