import type { View } from "./view";
import { xAt } from "./view";

export type Band = { top: number; height: number };
export type LaneId = "proposals" | "verdicts" | "team" | "truth";
export type Layout = { ruler: Band; curve: Band; lanes: { id: LaneId; band: Band }[]; height: number };

export const RULER = 19;
export const LANE = 21;

/** The lanes there are: that of the others and of ground truth only where there is something on them. */
export function lanesFor(has: { others: boolean; truth: boolean }): LaneId[] {
  const ids: LaneId[] = ["proposals", "verdicts"];
  if (has.others) ids.push("team");
  if (has.truth) ids.push("truth");
  return ids;
}

/** The timeline from top to bottom: ruler, curves, lanes. */
export function layoutOf(height: number, ids: readonly LaneId[]): Layout {
  const lanesTop = height - ids.length * LANE;
  return {
    ruler: { top: 0, height: RULER },
    curve: { top: RULER, height: Math.max(20, lanesTop - RULER) },
    lanes: ids.map((id, n) => ({ id, band: { top: lanesTop + n * LANE, height: LANE } })),
    height,
  };
}

export type Range = { low: number; high: number };

/** The values between the bottom and the top of the curve's band: all of the track, and its threshold. */
export function rangeOf(track: Range, threshold: number | null): Range {
  const low = Math.min(track.low, threshold ?? track.low);
  const high = Math.max(track.high, threshold ?? track.high);
  const room = (high - low || Math.abs(high) || 1) * 0.08;
  return { low, high: high + room };
}

const EDGE = 3; // pixels left free above and below a curve

export function yOf(value: number, range: Range, band: Band): number {
  const part = (value - range.low) / (range.high - range.low || 1);
  return band.top + band.height - EDGE - part * (band.height - 2 * EDGE);
}

export function valueAtY(y: number, range: Range, band: Band): number {
  const part = (band.top + band.height - EDGE - y) / (band.height - 2 * EDGE);
  return range.low + Math.min(Math.max(part, 0), 1) * (range.high - range.low);
}

export type Box = { x: number; width: number };

const LEAST = 3; // a short item is still seen, and can be clicked

export function boxOf(span: { start: number; stop: number }, view: View, width: number): Box {
  const from = xAt(view, span.start, width);
  const to = xAt(view, span.stop, width);
  const missing = Math.max(0, LEAST - (to - from));
  return { x: from - missing / 2, width: to - from + missing };
}
