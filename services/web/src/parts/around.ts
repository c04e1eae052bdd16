/** Which tags are worth a picture around the moment a part arrived. */

import type { TagHistory } from "../api/tags";

/** Before and after the arrival. */
export const AROUND_MS = 30_000;
/** Histories that are asked for, and charts that are drawn. */
export const MOST_ASKED = 24;
export const MOST_DRAWN = 4;

/** Numbers that moved, those that moved most of their own size first; what stood still needs no chart. */
export function lively(histories: readonly TagHistory[]): TagHistory[] {
  return histories
    .map((history) => ({ history, moved: movement(history) }))
    .filter(({ moved }) => moved > 0)
    .sort((a, b) => b.moved - a.moved || a.history.tag.localeCompare(b.history.tag))
    .slice(0, MOST_DRAWN)
    .map(({ history }) => history)
    .sort((a, b) => a.tag.localeCompare(b.tag));
}

/** The way up and down as a share of the largest value; a counter only goes one way and says nothing. */
function movement({ points }: TagHistory): number {
  const values = points.map(({ mean }) => mean).filter((value) => value !== null && value !== undefined);
  const steps = values.slice(1).map((value, index) => value - (values[index] as number));
  if (steps.every((step) => step >= 0)) return 0;
  const largest = Math.max(...values.map(Math.abs));
  return (Math.max(...values) - Math.min(...values)) / (largest || 1);
}
