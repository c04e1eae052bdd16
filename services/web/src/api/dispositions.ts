import { postJson } from "./http";
import type { components } from "./schema";

export type DispositionEntry = components["schemas"]["DispositionEntry"];
export type Disposition = DispositionEntry["disposition"];
export type DispositionDone = components["schemas"]["DispositionDone"];

export const DISPOSITIONS: readonly Disposition[] = ["confirmed", "false_call", "missed", "rework", "scrap"];

export interface Finding {
  part_id: string;
  defect_id: string | null;
  disposition: Disposition;
  comment: string | null;
}

export const recordDisposition = (finding: Finding, key: string) =>
  postJson<DispositionDone>("/dispositions", finding, key);
export const undoDisposition = (id: string, key: string) =>
  postJson<void>(`/dispositions/${encodeURIComponent(id)}/undo`, {}, key);
