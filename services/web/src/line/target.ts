/** The yield that a station shall reach, where `line.toml` names one. */

import type { LineLayout } from "../api/stations";

export function yieldTarget(layout: LineLayout | null, station: string): number | null {
  const setup = layout?.stations.find(({ name }) => name === station);
  return (setup as { yield_target?: number | null } | undefined)?.yield_target ?? null;
}
