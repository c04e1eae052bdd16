/** Which picture stands for an inspection, and what may be said of it. */

import type { FoundDefect, Inspection } from "../api/defects";
import { framePath } from "../api/images";
import type { Picture, PictureBox } from "../components/picture.svelte";
import { texts } from "../texts";

export function boxOf(defect: FoundDefect): PictureBox {
  return {
    id: defect.id,
    label: defect.defect_class,
    confidence: defect.confidence,
    box: defect.bounding_box,
    disposition: defect.disposition,
  };
}

/** The stored frame of an inspection with its boxes; `part` is how the part is called, where that is known. */
export function inspectedPicture(made: Inspection, part: string | null): Picture {
  return {
    key: made.id,
    path: framePath(made.frame_id),
    title: texts.line.inspectedFrame,
    note: part === null ? null : texts.line.verdictOf(part),
    at: made.captured_at,
    boxes: made.defects.map(boxOf),
    size: made.width && made.height ? { width: made.width, height: made.height } : null,
  };
}
