import type { Scalar } from "../api/tags";

/** Keeps a number and its unit on one line. */
const SPACE = "\u00a0";
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

export function count(value: number | null | undefined): string {
  return value === null || value === undefined ? "–" : whole.format(value);
}

/** A share of 0 to 1 as per cent with one decimal; nothing divided by nothing is a dash, not 0 %. */
export function percent(share: number | null | undefined, decimals = 1): string {
  return share === null || share === undefined || !Number.isFinite(share) ? "–" : `${(share * 100).toFixed(decimals)}${SPACE}%`;
}

export function milliseconds(value: number | null | undefined): string {
  return value === null || value === undefined ? "–" : `${Math.round(value)}${SPACE}ms`;
}

export function seconds(valueMs: number | null | undefined): string {
  return valueMs === null || valueMs === undefined ? "–" : `${(valueMs / 1000).toFixed(2)}${SPACE}s`;
}

/** One tag value; numbers with four significant figures, which is what the eye can follow. */
export function tagValue(value: Scalar, words: { yes: string; no: string }): string {
  if (typeof value === "boolean") return value ? words.yes : words.no;
  if (typeof value === "string") return value;
  if (Number.isInteger(value)) return String(value);
  return Math.abs(value) >= 1e6 || Math.abs(value) < 1e-3 ? value.toExponential(3) : String(Number(value.toPrecision(4)));
}

/** Passed parts of all that were ruled on; null when there are none. */
export function yieldOf(counts: { pass: number; fail: number; held: number }): number | null {
  const total = counts.pass + counts.fail + counts.held;
  return total === 0 ? null : counts.pass / total;
}
