import type { Bands } from "../../api/types";
import type { Palette } from "../timeline/palette";
import { type View, xAt } from "../timeline/view";

/** What is so somewhere in a bucket of windows; see vadreview/runs/refinement.py. */
export const MARK = { abnormal: 1, normal: 2, flipped: 4, clamped: 8, disputed: 16 } as const;

const LARGEST_ROW = 9;
const SMALLEST_ROW = 3;
const MOST_HEIGHT = 64;

/** The height of one round's band: many rounds share the room. */
export function rowHeight(rounds: number): number {
  return Math.max(SMALLEST_ROW, Math.min(LARGEST_ROW, Math.floor(MOST_HEIGHT / Math.max(1, rounds))));
}

const WIDTH = 1500;

/** The part to ask for: the view with as much again on either side, on a grid, so that panning asks seldom. */
export function requestFor(view: View, total: number): { start: number; stop: number; width: number } {
  const size = 2 ** Math.ceil(Math.log2(Math.max(64, view.stop - view.start)));
  const start = Math.max(0, (Math.floor(view.start / size) - 1) * size);
  const stop = Math.min(total, (Math.floor(view.stop / size) + 2) * size);
  return { start, stop, width: WIDTH };
}

type Context = CanvasRenderingContext2D;

/**
 * One band a round, the first on top. Abnormal fills the band, normal is a thin line in its middle, so that they
 * differ in shape too; a flip has a notch above, what people fixed a frame around.
 */
export function drawBands(context: Context, bands: Bands, view: View, width: number, palette: Palette): void {
  const row = rowHeight(bands.rounds.length);
  bands.rounds.forEach((marks, round) => {
    const top = round * row;
    for (let n = 0; n < marks.length; n += 1) {
      const [from, to] = [bands.edges[n] ?? 0, bands.edges[n + 1] ?? 0];
      if (to < view.start || from > view.stop) continue;
      const x = xAt(view, from, width);
      const wide = Math.max(1, xAt(view, to, width) - x);
      drawCell(context, marks[n] ?? 0, { x, top, wide, row }, palette);
    }
  });
}

type Cell = { x: number; top: number; wide: number; row: number };

function drawCell(context: Context, mark: number, { x, top, wide, row }: Cell, palette: Palette): void {
  if (mark & MARK.abnormal) {
    context.fillStyle = palette.severity.high;
    // a bucket that holds both is paler: some of its windows are normal
    context.globalAlpha = mark & MARK.normal ? 0.55 : 0.95;
    context.fillRect(x, top + 1, wide, row - 1);
    context.globalAlpha = 1;
  } else {
    context.fillStyle = palette.usual;
    context.fillRect(x, top + row / 2, wide, 1);
  }
  if (mark & MARK.flipped) {
    context.fillStyle = palette.text;
    context.fillRect(x, top, Math.min(wide, 2), row);
  }
  if (mark & (MARK.clamped | MARK.disputed)) {
    context.strokeStyle = mark & MARK.disputed ? palette.states.unsure : palette.states.adjusted;
    context.lineWidth = 1;
    context.strokeRect(x + 0.5, top + 1.5, Math.max(1, wide - 1), Math.max(1, row - 2));
  }
}

/** How many buckets of the last round flipped, for those who cannot see the bands. */
export function flips(bands: Bands): number {
  return bands.rounds.flat().filter((mark) => mark & MARK.flipped).length;
}
