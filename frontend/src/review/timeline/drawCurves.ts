import type { Timebase } from "../../lib/frames";
import type { Columns } from "./tiles";
import { type Band, type Layout, type Range, yOf } from "./geometry";
import type { Palette } from "./palette";
import { ticks, type View, xAt } from "./view";

export type DrawnCurve = {
  columns: Columns;
  range: Range;
  color: string;
  kind: "chosen" | "other" | "fused" | "motion";
};

type Context = CanvasRenderingContext2D;

export function drawRuler(
  context: Context,
  layout: Layout,
  view: View,
  timebase: Timebase,
  palette: Palette,
  width: number,
): void {
  const { top, height } = layout.ruler;
  context.font = "11px ui-sans-serif, system-ui, sans-serif";
  context.textBaseline = "middle";
  context.textAlign = "left";
  for (const { frame, label } of ticks(view, timebase, width)) {
    const x = Math.round(xAt(view, frame, width)) + 0.5;
    context.strokeStyle = palette.line;
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(x, top + 4);
    context.lineTo(x, layout.height);
    context.stroke();
    context.fillStyle = palette.dim;
    if (x + 4 + context.measureText(label).width < width)
      context.fillText(label, x + 4, top + height / 2 + 1);
  }
}

/** The band between smallest and largest value of each pixel, with the largest as a line. */
export function drawCurve(context: Context, curve: DrawnCurve, band: Band, threshold: number | null): void {
  const { columns, range, kind } = curve;
  const outline = pathOf(columns, range, band);
  context.save();
  context.beginPath();
  context.rect(0, band.top, columns.high.length, band.height);
  context.clip();
  if (kind === "chosen") {
    context.fillStyle = curve.color;
    context.globalAlpha = 0.13;
    context.fill(outline.area);
    if (threshold !== null)
      fillAbove(context, outline.area, band, yOf(threshold, range, band), columns.high.length);
  }
  context.globalAlpha = kind === "motion" ? 0.7 : 1;
  context.strokeStyle = curve.color;
  context.lineWidth = kind === "chosen" ? 1.4 : 1;
  context.stroke(outline.line);
  if (kind !== "motion") {
    context.globalAlpha = 0.5;
    context.fillStyle = curve.color;
    context.fill(outline.spread);
  }
  context.restore();
}

/** What lies above the threshold stands out, while it is dragged too. */
function fillAbove(context: Context, area: Path2D, band: Band, y: number, width: number): void {
  context.save();
  context.beginPath();
  context.rect(0, band.top, width, y - band.top);
  context.clip();
  context.globalAlpha = 0.5;
  context.fill(area);
  context.restore();
}

type Outline = { line: Path2D; area: Path2D; spread: Path2D };

function pathOf({ low, high }: Columns, range: Range, band: Band): Outline {
  const outline: Outline = { line: new Path2D(), area: new Path2D(), spread: new Path2D() };
  const bottom = band.top + band.height;
  for (let from = 0; from < high.length; from += 1) {
    if (Number.isNaN(high[from])) continue;
    let to = from;
    while (to < high.length && !Number.isNaN(high[to])) to += 1;
    addRun(outline, { low, high, range, band, bottom, from, to });
    from = to;
  }
  return outline;
}

type Run = {
  low: Float32Array;
  high: Float32Array;
  range: Range;
  band: Band;
  bottom: number;
  from: number;
  to: number;
};

function addRun(outline: Outline, { low, high, range, band, bottom, from, to }: Run): void {
  const y = (value: number | undefined): number => yOf(value ?? 0, range, band);
  outline.area.moveTo(from, bottom);
  outline.line.moveTo(from, y(high[from]));
  for (let x = from; x < to; x += 1) {
    const top = y(high[x]);
    outline.line.lineTo(x + 0.5, top);
    outline.area.lineTo(x + 0.5, top);
    const height = y(low[x]) - top;
    if (height > 1) outline.spread.rect(x, top, 1, height);
  }
  outline.area.lineTo(to, y(high[to - 1]));
  outline.area.lineTo(to, bottom);
  outline.area.closePath();
}

export function drawThreshold(
  context: Context,
  {
    value,
    range,
    band,
    palette,
    width,
    active,
  }: {
    value: number;
    range: Range;
    band: Band;
    palette: Palette;
    width: number;
    active: boolean;
  },
): void {
  const y = Math.round(yOf(value, range, band)) + 0.5;
  context.strokeStyle = active ? palette.focus : palette.text;
  context.lineWidth = active ? 2 : 1;
  context.setLineDash(active ? [] : [6, 4]);
  context.beginPath();
  context.moveTo(0, y);
  context.lineTo(width, y);
  context.stroke();
  context.setLineDash([]);
}
