import type { Alarm, Severity } from "../api/alarms";

const RANK: Readonly<Record<Severity, number>> = { critical: 0, high: 1, medium: 2, low: 3 };

/** What needs a person first: not acknowledged, then by severity, then the newest. */
export function byUrgency(a: Alarm, b: Alarm): number {
  return (
    Number(a.acknowledged_at !== null) - Number(b.acknowledged_at !== null) ||
    Number(b.active) - Number(a.active) ||
    RANK[a.severity] - RANK[b.severity] ||
    Date.parse(b.created_at) - Date.parse(a.created_at)
  );
}

/** Alarms that nobody has acknowledged and nobody has shelved. */
export function unseen(alarms: Iterable<Alarm>): Alarm[] {
  return [...alarms].filter(({ status }) => status === "unacknowledged" || status === "returned");
}
