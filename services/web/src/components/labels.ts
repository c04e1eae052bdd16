/** How wide a label on a picture is, so that its plate fits whatever font the machine has. */

export const LABEL_PX = 13;
const context = document.createElement("canvas").getContext("2d");

/** Width in screen pixels of a label at LABEL_PX. */
export function labelWidth(text: string): number {
  if (context === null) return text.length * LABEL_PX * 0.65;
  context.font = `600 ${LABEL_PX}px ${getComputedStyle(document.documentElement).fontFamily}`;
  return context.measureText(text).width;
}
