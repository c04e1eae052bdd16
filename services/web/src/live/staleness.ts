/** When a value is too old to be believed. */

import type { TagNow } from "./state";

/** Under 3 s, with room for the clock's tick and one screen refresh. */
export const STALE_MS = 2_400;

/** A tag that is scanned seldom is stale after two and a half of its own periods. */
export function isStale(tag: Pick<TagNow, "received" | "period">, now: number, linked: boolean): boolean {
  return !linked || now - tag.received > Math.max(STALE_MS, 2.5 * (tag.period ?? 0));
}
