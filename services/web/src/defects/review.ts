/** Which key says what of a defect, and whether it is said of the defect or of its part. */

import type { Defect } from "../api/defects";
import type { Disposition, Finding } from "../api/dispositions";

export const KEY_OF: Readonly<Record<Disposition, string>> = {
  confirmed: "c",
  false_call: "f",
  missed: "m",
  rework: "r",
  scrap: "s",
};

export const CHOICES = Object.keys(KEY_OF) as Disposition[];

export function choiceOf(key: string): Disposition | null {
  return CHOICES.find((choice) => KEY_OF[choice] === key.toLowerCase()) ?? null;
}

/** Confirmed and false call are of one defect; what the model missed, rework and scrap are of the whole part. */
export function isOfPart(disposition: Disposition): boolean {
  return disposition === "missed" || disposition === "rework" || disposition === "scrap";
}

/** Null for a defect whose part is not known: there is nothing to judge. */
export function findingOn(defect: Defect, disposition: Disposition, comment: string): Finding | null {
  if (defect.part_id === null) return null;
  const defect_id = isOfPart(disposition) ? null : defect.id;
  return { part_id: defect.part_id, defect_id, disposition, comment: comment.trim() || null };
}
