import { expect, test } from "vitest";

import type { Alarm } from "../src/api/alarms";
import type { Inspection } from "../src/api/defects";
import type { Decision, Part } from "../src/api/parts";
import type { TagScan } from "../src/api/tags";
import { lineReducers, type LineNow, NOTHING, type Snapshot, STRIP_LENGTH } from "../src/live/state";

const at = (second: number) => new Date(Date.UTC(2026, 0, 2, 3, 0, second)).toISOString();

const part = (id: string, second: number, more: Partial<Part> = {}): Part =>
  ({ id, station: "AOI1", serial: `SN-${id}`, counter: second, result: "pass", created_at: at(second), decided_at: at(second), ...more }) as Part;

const inspection = (id: string, second: number, more: Partial<Inspection> = {}): Inspection =>
  ({ id, part_id: id, frame_id: id, station: "AOI1", camera: "top", role: "live", verdict: "pass", inspected_at: at(second), defects: [], ...more }) as Inspection;

const alarm = (id: string, more: Partial<Alarm> = {}): Alarm =>
  ({ id, status: "unacknowledged", active: true, severity: "high", created_at: at(0), ...more }) as Alarm;

const snapshot = (more: Partial<Snapshot> = {}): Snapshot => ({
  stations: [{ name: "AOI1", counts: { pass: 1, fail: 2, held: 3 } }],
  parts: [],
  inspections: [],
  tags: [],
  alarms: [],
  devices: [],
  services: [],
  queues: [],
  links: { broker: true, database: true },
  ...more,
});

const strip = (state: LineNow) => state.stations["AOI1"]?.ruled.map(({ id }) => id);

test("the strip holds the latest decided parts, newest first, each once", () => {
  let state = NOTHING;
  for (let second = 0; second < STRIP_LENGTH + 5; second += 1) state = lineReducers.part(state, part(`p${second}`, second));
  state = lineReducers.part(state, part("p24", 24, { cycle_time_ms: 900 }));
  expect(strip(state)).toHaveLength(STRIP_LENGTH);
  expect(strip(state)?.slice(0, 3)).toEqual(["p24", "p23", "p22"]);
  expect(state.stations["AOI1"]?.ruled[0]?.cycle_time_ms).toBe(900);
});

test("a part that is not decided yet is named, not shown as a verdict", () => {
  const state = lineReducers.part(NOTHING, part("p1", 1, { result: null, decided_at: null }));
  expect(strip(state)).toBeUndefined();
  expect(state.serials.get("p1")).toBe("SN-p1");
});

test("the last fail stays when passes follow it, and a shadow model's verdict is not the station's", () => {
  let state = lineReducers.inspection(NOTHING, inspection("i1", 1, { verdict: "fail" }));
  state = lineReducers.inspection(state, inspection("i2", 2));
  state = lineReducers.inspection(state, inspection("i3", 3, { verdict: "fail", role: "shadow" }));
  expect(state.stations["AOI1"]?.lastFail?.id).toBe("i1");
  expect(state.stations["AOI1"]?.inspections["top"]?.id).toBe("i2");
});

test("cameras without a verdict are kept for the parts of the strip only", () => {
  let state = NOTHING;
  for (const [second, id] of ["p1", "p2"].entries()) {
    state = lineReducers.decision(state, { part_id: id, station: "AOI1", absent: ["top"] } as unknown as Decision);
    state = lineReducers.part(state, part(id, second));
  }
  expect(state.stations["AOI1"]?.absent).toEqual({ p1: ["top"], p2: ["top"] });
});

test("a closed alarm goes, any other state stays", () => {
  let state = lineReducers.alarm(NOTHING, alarm("a1"));
  state = lineReducers.alarm(state, alarm("a1", { status: "acknowledged" }));
  expect(state.alarms["a1"]?.status).toBe("acknowledged");
  state = lineReducers.alarm(state, alarm("a1", { status: "closed" }));
  expect(state.alarms).toEqual({});
});

test("a tag that cannot be read loses its value and says why", () => {
  let state = lineReducers.tags(NOTHING, { plc: "plc1", group: "g", at: at(1), values: { T: 1, U: true }, bad: {} });
  state = lineReducers.tags(state, { plc: "plc1", group: "g", at: at(3), values: {}, bad: { T: "gone" } });
  expect(state.tags["T"]).toMatchObject({ value: null, bad: "gone", period: 2000 });
  expect(state.tags["U"]).toMatchObject({ value: true, bad: null });
});

test("a doubtful value is shown and says why it is doubtful", () => {
  const scan = { plc: "plc1", group: "g", at: at(1), values: { T: 1 }, bad: {}, uncertain: { T: "read in two parts" } };
  const state = lineReducers.tags(NOTHING, scan);
  expect(state.tags["T"]).toMatchObject({ value: 1, uncertain: "read in two parts" });
  expect(lineReducers.tags(state, { ...scan, uncertain: {} }).tags["T"]?.uncertain).toBeNull();
});

test("a snapshot replaces what ended meanwhile and keeps the last fail", () => {
  let state = lineReducers.alarm(NOTHING, alarm("old"));
  state = lineReducers.inspection(state, inspection("i1", 1, { verdict: "fail" }));
  state = lineReducers.snapshot(state, snapshot({ parts: [part("p2", 2), part("p1", 1)], alarms: [alarm("new")] }));
  expect(Object.keys(state.alarms)).toEqual(["new"]);
  expect(strip(state)).toEqual(["p2", "p1"]);
  expect(state.stations["AOI1"]?.counts).toEqual({ pass: 1, fail: 2, held: 3 });
  expect(state.stations["AOI1"]?.lastFail?.id).toBe("i1");
});

test("after a short break the strip goes on, after a long one it begins anew", () => {
  const known = [1, 2, 3].reduce((state, second) => lineReducers.part(state, part(`p${second}`, second)), NOTHING);
  const short = lineReducers.snapshot(known, snapshot({ parts: [part("p4", 4), part("p3", 3)] }));
  expect(strip(short)).toEqual(["p4", "p3", "p2", "p1"]);
  const long = lineReducers.snapshot(known, snapshot({ parts: [part("p9", 9), part("p8", 8)] }));
  expect(strip(long)).toEqual(["p9", "p8"]);
});

test("a tag that was old when the snapshot was taken is old on the page, too", () => {
  const scans: TagScan[] = [
    { plc: "plc1", group: "dead", at: at(0), values: { Old: 1 }, bad: {} },
    { plc: "plc1", group: "alive", at: at(30), values: { New: 1 }, bad: {} },
  ];
  const { tags } = lineReducers.snapshot(NOTHING, snapshot({ tags: scans }));
  expect((tags["New"]?.received ?? 0) - (tags["Old"]?.received ?? 0)).toBeGreaterThanOrEqual(30_000);
});

test("what waits for the database is known by its publisher, and a snapshot replaces it", () => {
  let state = lineReducers.queue(NOTHING, { source: "plc-gateway-1", waiting: 12 });
  state = lineReducers.queue(state, { source: "inference-1", waiting: 3 });
  expect(state.queues).toEqual({ "plc-gateway-1": 12, "inference-1": 3 });
  state = lineReducers.snapshot(state, snapshot({ queues: [{ source: "plc-gateway-1", waiting: 0 }] }));
  expect(state.queues).toEqual({ "plc-gateway-1": 0 });
});
