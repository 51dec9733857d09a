import { formatShortClock, type Timebase, timeOf } from "../../lib/frames";

/** The frames on show, fractions allowed: the left edge is frame `start`, the right edge is frame `stop`. */
export type View = { start: number; stop: number };

/** Zoomed in as far as it goes, this many frames fill the timeline. */
export const FEWEST_FRAMES = 12;

export function fit(total: number): View {
  return { start: 0, stop: Math.max(total, 1) };
}

/** Keep the size if it fits, then move the view inside the video. */
export function clampView(view: View, total: number): View {
  const whole = Math.max(total, 1);
  const size = Math.min(Math.max(view.stop - view.start, Math.min(FEWEST_FRAMES, whole)), whole);
  const start = Math.min(Math.max(0, view.start), whole - size);
  return { start, stop: start + size };
}

export function frameAt(view: View, x: number, width: number): number {
  return view.start + (x / Math.max(width, 1)) * (view.stop - view.start);
}

export function xAt(view: View, frame: number, width: number): number {
  return ((frame - view.start) / (view.stop - view.start)) * width;
}

/** `factor` > 1 shows less; the frame under the pointer (0 left, 1 right) stays under it. */
export function zoomAt(view: View, place: number, factor: number, total: number): View {
  const whole = Math.max(total, 1);
  const size = view.stop - view.start;
  const wanted = Math.min(Math.max(size / factor, Math.min(FEWEST_FRAMES, whole)), whole);
  const anchor = view.start + place * size;
  const start = anchor - place * wanted;
  return clampView({ start, stop: start + wanted }, total);
}

export function panBy(view: View, frames: number, total: number): View {
  return clampView({ start: view.start + frames, stop: view.stop + frames }, total);
}

/** Move as little as needed to show a span, with some room; zoom out only if it does not fit. */
export function reveal(view: View, span: { start: number; stop: number }, total: number): View {
  const size = view.stop - view.start;
  const length = span.stop - span.start;
  if (length > size * 0.9) return zoomTo(span, total);
  const room = Math.min(size * 0.1, (size - length) / 2);
  if (span.start - room < view.start && view.start > 0)
    return panBy(view, span.start - room - view.start, total);
  if (span.stop + room > view.stop && view.stop < total)
    return panBy(view, span.stop + room - view.stop, total);
  return view;
}

/** The span in the middle third. */
export function zoomTo(span: { start: number; stop: number }, total: number): View {
  const length = Math.max(span.stop - span.start, 1);
  return clampView({ start: span.start - length, stop: span.stop + length }, total);
}

/** While playing: turn the page when the playhead leaves it. */
export function follow(view: View, frame: number, total: number): View {
  const size = view.stop - view.start;
  if (frame >= view.start && frame <= view.stop) return view;
  const start = frame > view.stop && frame < view.stop + size ? view.stop - size * 0.05 : frame - size * 0.05;
  return clampView({ start, stop: start + size }, total);
}

const STEPS_S = [
  0.04, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200,
  86400,
] as const;

export type Tick = { frame: number; label: string };

/** Round times for the ruler, at least `apart` pixels from one another. */
export function ticks(view: View, timebase: Timebase, width: number, apart = 84): Tick[] {
  const first = timeOf(timebase, Math.max(0, view.start));
  const last = timeOf(timebase, view.stop);
  const seconds = last - first;
  if (!(seconds > 0) || width <= 0) return [];
  const least = (seconds * apart) / width;
  const step = STEPS_S.find((one) => one >= least) ?? 86400 * Math.ceil(least / 86400);
  const decimals = step < 0.1 ? 2 : step < 1 ? 1 : 0;
  const found: Tick[] = [];
  // a gap in the times leaves a hole in the ruler, and no more marks than pixels
  for (let n = Math.ceil(first / step - 1e-9); n * step <= last && found.length < width; n += 1) {
    const frame = frameOf(timebase, n * step);
    if (found.at(-1)?.frame !== frame) found.push({ frame, label: formatShortClock(n * step, decimals) });
  }
  return found;
}

/** The place of a time on the frame axis, between frames where need be. */
function frameOf(timebase: Timebase, seconds: number): number {
  const { times, rate } = timebase;
  if (!times) return (seconds * rate.num) / rate.den;
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? 0) < seconds) low = middle + 1;
    else high = middle;
  }
  return low;
}
