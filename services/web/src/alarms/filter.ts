/** Which of the standing alarms a person wants to see. */

import type { Alarm } from "../api/alarms";

export interface AlarmFilter {
  severity: string;
  station: string;
  status: string;
  text: string;
}

export const EVERYTHING: AlarmFilter = { severity: "", station: "", status: "", text: "" };

export function matches(alarm: Alarm, wanted: AlarmFilter): boolean {
  const text = wanted.text.trim().toLowerCase();
  return (
    (wanted.severity === "" || alarm.severity === wanted.severity) &&
    (wanted.station === "" || alarm.station === wanted.station) &&
    (wanted.status === "" || alarm.status === wanted.status) &&
    (text === "" || `${alarm.message} ${alarm.code} ${alarm.subject}`.toLowerCase().includes(text))
  );
}
