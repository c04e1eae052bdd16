import { getJson, postJson, type Query } from "./http";
import type { components } from "./schema";

export type Alarm = components["schemas"]["Alarm"];
export type AlarmPage = components["schemas"]["Page_Alarm_"];
export type AlarmStatus = Alarm["status"];
export type Severity = Alarm["severity"];

export const SEVERITIES: readonly Severity[] = ["critical", "high", "medium", "low"];

export const fetchAlarms = (query: Query, signal?: AbortSignal) => getJson<AlarmPage>("/alarms", query, signal);

const act = (id: string, action: string, body: object, key: string) =>
  postJson<void>(`/alarms/${encodeURIComponent(id)}/${action}`, body, key);

export const acknowledgeAlarm = (id: string, comment: string | null, key: string) =>
  act(id, "acknowledge", { comment }, key);
export const shelveAlarm = (id: string, minutes: number, comment: string | null, key: string) =>
  act(id, "shelve", { minutes, comment }, key);
export const unshelveAlarm = (id: string, key: string) => act(id, "unshelve", {}, key);
