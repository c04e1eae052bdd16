/** How large a label on a picture is, so that it can be read on any screen and its plate fits whatever font there is. */

const LABEL_REM = 0.8;
const context = document.createElement("canvas").getContext("2d");

/** Height in screen pixels of a label's letters: they grow with all other text. */
export function labelSize(): number {
  return LABEL_REM * parseFloat(getComputedStyle(document.documentElement).fontSize);
}

/** Width in screen pixels of a label of that size. */
export function labelWidth(text: string, size: number): number {
  if (context === null) return text.length * size * 0.65;
  context.font = `600 ${size}px ${getComputedStyle(document.documentElement).fontFamily}`;
  return context.measureText(text).width;
}
