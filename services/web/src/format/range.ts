/** Spans of time that a person asks for. */

import { plantMidnight } from "./time";

export interface Span {
  /** ms since 1970 */
  from: number;
  to: number;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export const SPANS = {
  minutes: MINUTE,
  tenMinutes: 10 * MINUTE,
  hour: HOUR,
  shift: 8 * HOUR,
  day: DAY,
  week: 7 * DAY,
  month: 30 * DAY,
  quarter: 91 * DAY,
  year: 365 * DAY,
} as const;
export type SpanName = keyof typeof SPANS;

export const spanUpTo = (length: number, to = Date.now()): Span => ({ from: to - length, to });

/** Since the plant's midnight. */
export const today = (now = Date.now()): Span => ({ from: plantMidnight(now), to: now });

export function yesterday(now = Date.now()): Span {
  const midnight = plantMidnight(now);
  return { from: plantMidnight(midnight - 1), to: midnight };
}

/** The same length, moved by a share of itself. */
export function moved(span: Span, share: number): Span {
  const step = (span.to - span.from) * share;
  return { from: span.from + step, to: span.to + step };
}

/** Twice the length around the same middle, or the given factor; never shorter than a second. */
export function widened(span: Span, factor = 2): Span {
  const middle = (span.from + span.to) / 2;
  const half = Math.max(500, ((span.to - span.from) * factor) / 2);
  return { from: middle - half, to: middle + half };
}
