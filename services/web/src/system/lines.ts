/** `a/b, c/d` as a list of lines. */
export function linesOf(text: string): string[] {
  return text.split(/[,\s]+/).filter(Boolean);
}
