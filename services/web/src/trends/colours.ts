/** Charts draw on a canvas, which knows no style sheet: they ask for the theme's colours. */

import type { ChartColours } from "./chart";

export function chartColours(_theme: string): ChartColours {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    text: colour("muted"),
    grid: colour("line"),
    line: colour("series-1"),
    band: `${colour("series-1")}38`,
    marks: {
      fail: colour("abnormal"),
      part: colour("text"),
      critical: colour("alarm-critical"),
      high: colour("alarm-high"),
      medium: colour("alarm-medium"),
      low: colour("alarm-low"),
    },
  };
}
