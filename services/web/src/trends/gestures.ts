/** The mouse on a chart: Ctrl and the wheel zoom around the cursor, Shift and dragging move. */

import type uPlot from "uplot";

type Zoomed = (from: number, to: number) => void;

const STEP = 1.25;
/** Nothing is shorter than this, ms. */
const SHORTEST = 1_000;

export function wheelZoom(plot: uPlot, zoomed: Zoomed): void {
  plot.over.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      const { min, max } = plot.scales["x"] ?? {};
      if (min == null || max == null) return;
      const middle = plot.posToVal(event.offsetX, "x");
      const factor = event.deltaY < 0 ? 1 / STEP : STEP;
      if ((max - min) * factor * 1000 < SHORTEST) return;
      zoomed((middle - (middle - min) * factor) * 1000, (middle + (max - middle) * factor) * 1000);
    },
    { passive: false },
  );
}

/** Listens before uPlot does, so that its own dragging does not begin. */
export function shiftMove(plot: uPlot, zoomed: Zoomed): void {
  plot.over.addEventListener(
    "mousedown",
    (event) => {
      if (!event.shiftKey || event.button !== 0) return;
      event.stopImmediatePropagation();
      event.preventDefault();
      const begun = event.clientX;
      addEventListener("mouseup", (end) => drop(plot, end.clientX - begun, zoomed), { once: true });
    },
    { capture: true },
  );
}

function drop(plot: uPlot, pixels: number, zoomed: Zoomed): void {
  const { min, max } = plot.scales["x"] ?? {};
  if (min == null || max == null || pixels === 0) return;
  const by = (pixels / plot.over.clientWidth) * (max - min);
  zoomed((min - by) * 1000, (max - by) * 1000);
}
