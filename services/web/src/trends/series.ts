/** Points of a tag's history as a chart draws them. */

import type { TrendPoint } from "../api/tags";

/** Columns of one chart: times in s since 1970; a gap is a row of nulls. */
export interface Columns {
  at: number[];
  mean: (number | null)[];
  minimum: (number | null)[];
  maximum: (number | null)[];
}

/** A pause of this many usual steps is drawn as a gap, not as a line across it. */
const GAP_STEPS = 3;

export function columns(points: readonly TrendPoint[]): Columns {
  const made: Columns = { at: [], mean: [], minimum: [], maximum: [] };
  const times = points.map(({ at }) => Date.parse(at) / 1000);
  const step = median(times.slice(1).map((at, index) => at - (times[index] as number)));
  points.forEach((point, index) => {
    const at = times[index] as number;
    const before = times[index - 1];
    if (before !== undefined && step > 0 && at - before > GAP_STEPS * step) push(made, before + step, null, null, null);
    push(made, at, point.mean, point.minimum, point.maximum);
  });
  return made;
}

function push(into: Columns, at: number, mean: number | null, minimum: number | null, maximum: number | null): void {
  into.at.push(at);
  into.mean.push(mean);
  into.minimum.push(minimum);
  into.maximum.push(maximum);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/**
 * Adds one live value: to the last point while that is less than `width` ms old, else as a new one; drops points before
 * `from`. Returns a new list.
 */
export function extended(points: readonly TrendPoint[], at: string, value: number, width: number, from: number): TrendPoint[] {
  const kept = points.filter((point) => Date.parse(point.at) >= from);
  const last = kept.at(-1);
  if (last === undefined || Date.parse(at) - Date.parse(last.at) >= width) {
    return [...kept, { at, samples: 1, minimum: value, maximum: value, mean: value }];
  }
  if (Date.parse(at) < Date.parse(last.at)) return kept;
  const samples = last.samples + 1;
  const mean = last.mean === null ? value : last.mean + (value - last.mean) / samples;
  const merged: TrendPoint = {
    at: last.at,
    samples,
    mean,
    minimum: Math.min(last.minimum ?? value, value),
    maximum: Math.max(last.maximum ?? value, value),
  };
  return [...kept.slice(0, -1), merged];
}
