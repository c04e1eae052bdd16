/** What happened while a trend was drawn: fails and alarms, as marks over the charts. */

import { fetchAlarms, type Severity } from "../api/alarms";
import { fetchParts } from "../api/parts";
import type { Span } from "../format/range";
import { partName } from "../live/state";
import { texts } from "../texts";

export interface TrendMark {
  /** s since 1970 */
  at: number;
  kind: "fail" | "part" | Severity;
  text: string;
}

/** More marks than this hide the chart rather than explain it. */
const MOST = 200;

export async function fetchMarks(span: Span, signal: AbortSignal): Promise<TrendMark[]> {
  const query = { from: new Date(span.from).toISOString(), to: new Date(span.to).toISOString(), limit: MOST };
  const [fails, alarms] = await Promise.all([
    fetchParts({ ...query, result: "fail" }, signal),
    fetchAlarms({ ...query, status: "all" }, signal),
  ]);
  const seconds = (at: string) => Date.parse(at) / 1000;
  return [
    ...fails.items.map((part): TrendMark => ({ at: seconds(part.created_at), kind: "fail", text: partName(part) })),
    ...alarms.items.map(
      ({ created_at, severity, message }): TrendMark => ({
        at: seconds(created_at),
        kind: severity,
        text: `${texts.severities[severity]}: ${message}`,
      }),
    ),
  ];
}
