/** One tag's chart: mean as a line, minimum to maximum as a band, marks as ticks on the upper edge. */

import uPlot from "uplot";

import { calendarDate, clockTime, fullTime, plantZone } from "../format/time";
import { shiftMove, wheelZoom } from "./gestures";
import type { TrendMark } from "./marks";

export interface ChartColours {
  text: string;
  grid: string;
  line: string;
  band: string;
  marks: Record<TrendMark["kind"], string>;
}

export interface ChartWishes {
  width: number;
  height: number;
  colours: ChartColours;
  /** Charts of one key move their cursors together. */
  group: string;
  zoomed: (from: number, to: number) => void;
  marks: () => readonly TrendMark[];
}

const FONT = "13px system-ui, sans-serif";
/** Room for one time of day on the axis. */
const TICK_PX = 84;
/** Room for the values on the axis. */
const VALUES_PX = 62;
/** How near a mark the cursor must be to be told of it, and of how many it is told. */
const NEAR_PX = 5;
const MOST_TOLD = 3;

export function chartOptions(wishes: ChartWishes): uPlot.Options {
  const { colours } = wishes;
  const axis = { stroke: colours.text, font: FONT, grid: { stroke: colours.grid, width: 1 }, ticks: { stroke: colours.grid } };
  return {
    width: wishes.width,
    height: wishes.height,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), plantZone()),
    legend: { show: false },
    cursor: { sync: { key: wishes.group }, drag: { x: true, y: false, setScale: false } },
    scales: { x: { time: true }, y: { range: (_, low, high) => valueRange(low, high) } },
    axes: [
      { ...axis, space: TICK_PX, values: (_, splits, _i, space) => timeLabels(splits, space) },
      { ...axis, size: VALUES_PX, values: (plot, splits) => valueLabels(plot, splits) },
    ],
    bands: [{ series: [3, 2], fill: colours.band }],
    series: [
      {},
      { stroke: colours.line, width: 1.6, points: { show: false } },
      { stroke: "transparent", points: { show: false } },
      { stroke: "transparent", points: { show: false } },
    ],
    hooks: {
      ready: [(plot) => wheelZoom(plot, wishes.zoomed), (plot) => shiftMove(plot, wishes.zoomed)],
      setSelect: [(plot) => select(plot, wishes.zoomed)],
      draw: [(plot) => drawMarks(plot, wishes.marks(), colours)],
    },
  };
}

/** uPlot hides the axis of a scale that has no range, and the chart would grow and shrink under the mouse. */
function valueRange(low: number | null, high: number | null): uPlot.Range.MinMax {
  return low === null || high === null ? [0, 1] : uPlot.rangeNum(low, high, 0.1, true);
}

function valueLabels(plot: uPlot, splits: readonly number[]): string[] {
  return plot.data[0].length === 0 ? splits.map(() => "") : splits.map((value) => uPlot.fmtNum(value));
}

/** Hours of one day need no date; days need no seconds. */
function timeLabels(splits: readonly number[], _space: number): string[] {
  const step = (splits[1] ?? 0) - (splits[0] ?? 0);
  return splits.map((at, index) => {
    if (step >= 86_400) return calendarDate(at * 1000);
    const before = splits[index - 1];
    const time = step >= 60 ? clockTime(at * 1000).slice(0, 5) : clockTime(at * 1000);
    const sameDay = before !== undefined && calendarDate(before * 1000) === calendarDate(at * 1000);
    return sameDay ? time : `${time}\n${calendarDate(at * 1000)}`;
  });
}

function select(plot: uPlot, zoomed: ChartWishes["zoomed"]): void {
  const { left, width } = plot.select;
  if (width < 4) return;
  zoomed(plot.posToVal(left, "x") * 1000, plot.posToVal(left + width, "x") * 1000);
  plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
}

function drawMarks(plot: uPlot, marks: readonly TrendMark[], colours: ChartColours): void {
  const { ctx, bbox } = plot;
  const { min, max } = plot.scales["x"] ?? {};
  const size = 5 * devicePixelRatio;
  ctx.save();
  for (const { at, kind } of marks) {
    if (min == null || max == null || at < min || at > max) continue;
    const x = plot.valToPos(at, "x", true);
    ctx.strokeStyle = ctx.fillStyle = colours.marks[kind];
    ctx.lineWidth = devicePixelRatio * 2;
    ctx.beginPath();
    if (kind === "part") upright(ctx, x, bbox.top, bbox.height);
    else SHAPES[kind](ctx, x, bbox.top + (kind === "fail" ? size : size * 3.4), size);
  }
  ctx.restore();
}

function upright(ctx: CanvasRenderingContext2D, x: number, top: number, height: number): void {
  ctx.setLineDash([4, 4]);
  ctx.moveTo(x, top);
  ctx.lineTo(x, top + height);
  ctx.stroke();
  ctx.setLineDash([]);
}

function cross(ctx: CanvasRenderingContext2D, x: number, y: number, size: number): void {
  ctx.moveTo(x - size, y - size);
  ctx.lineTo(x + size, y + size);
  ctx.moveTo(x + size, y - size);
  ctx.lineTo(x - size, y + size);
  ctx.stroke();
}

function filled(ctx: CanvasRenderingContext2D, ...corners: readonly (readonly [number, number])[]): void {
  for (const [x, y] of corners) ctx.lineTo(x, y);
  ctx.closePath();
  ctx.fill();
}

/** A severity has the same shape here as in the list of alarms. */
const SHAPES: Record<Exclude<TrendMark["kind"], "part">, (ctx: CanvasRenderingContext2D, x: number, y: number, size: number) => void> = {
  fail: cross,
  critical: (ctx, x, y, s) => filled(ctx, [x - s, y - s], [x + s, y - s], [x + s, y + s], [x - s, y + s]),
  high: (ctx, x, y, s) => filled(ctx, [x, y - s], [x + s, y + s], [x - s, y + s]),
  medium: (ctx, x, y, s) => filled(ctx, [x, y - s], [x + s, y], [x, y + s], [x - s, y]),
  low: (ctx, x, y, s) => {
    ctx.arc(x, y, s, 0, 2 * Math.PI);
    ctx.fill();
  },
};

/** What the cursor stands on, in words: the value, and the marks beside it. */
export function pointText(plot: uPlot, marks: readonly TrendMark[]): string {
  const index = plot.cursor.idx;
  const [at, mean, low, high] = index == null ? [] : plot.data.map((column) => column[index]);
  const short = (value: number | null | undefined) => (value == null ? "" : String(Number(value.toPrecision(5))));
  const value = at == null || mean == null ? "" : `${fullTime(at * 1000)}  ${short(mean)}  (${short(low)} … ${short(high)})`;
  const left = plot.cursor.left ?? -1;
  const near = left < 0 ? [] : marks.filter((mark) => Math.abs(plot.valToPos(mark.at, "x") - left) <= NEAR_PX);
  return [value, ...near.slice(0, MOST_TOLD).map(({ text }) => text)].filter(Boolean).join("  ·  ");
}
