/**
 * Frames and times: the only place that multiplies by a frame rate.
 *
 * Frames are 0-based source frames, spans are half-open [start, stop). Frame n of the proxy IS frame n of the
 * source, so the player is steered by the proxy's constant rate, while a clock shows the source's own time.
 */

/** Frames a second as a fraction; 30000/1001 stays exact. */
export type Rate = { num: number; den: number };

export type Span = { start: number; stop: number };

/** How the frames of one video lie in time. `times` (seconds of each frame) only where they are not evenly spaced. */
export type Timebase = { rate: Rate; proxyRate: Rate; total: number; times: Float64Array | null };

type Rated = {
  fps_num: number;
  fps_den: number;
  proxy_fps_num: number;
  proxy_fps_den: number;
  n_frames: number;
};

const DEFAULT_RATE: Rate = { num: 25, den: 1 };

function rateOf(num: number, den: number): Rate {
  return num > 0 && den > 0 ? { num, den } : DEFAULT_RATE;
}

export function timebaseOf(video: Rated, times: Float64Array | null = null): Timebase {
  const usable = times !== null && times.length === video.n_frames ? times : null;
  return {
    rate: rateOf(video.fps_num, video.fps_den),
    proxyRate: rateOf(video.proxy_fps_num, video.proxy_fps_den),
    total: video.n_frames,
    times: usable,
  };
}

export function clampFrame(frame: number, total: number): number {
  if (!Number.isFinite(frame)) return 0;
  return Math.min(Math.max(0, Math.round(frame)), Math.max(0, total - 1));
}

/** The proxy time that shows frame n and no neighbour: its middle, so that no rounding can miss it. */
export function seekTime(frame: number, rate: Rate): number {
  return ((frame + 0.5) * rate.den) / rate.num;
}

/** When the player begins to show frame n. */
export function mediaTime(frame: number, rate: Rate): number {
  return (frame * rate.den) / rate.num;
}

/** The frame that requestVideoFrameCallback reports: its media time is the start of the frame. */
export function frameAtMediaTime(seconds: number, rate: Rate): number {
  return Math.round((seconds * rate.num) / rate.den);
}

/** The frame on the screen at a `currentTime`, which lies anywhere within the frame. */
export function frameAtCurrentTime(seconds: number, rate: Rate): number {
  return Math.floor((seconds * rate.num) / rate.den + 1e-6);
}

/** Whole frames of a length in seconds, rounded as `detectors.segments` rounds. */
export function framesIn(seconds: number, rate: Rate): number {
  return Math.floor((seconds * rate.num) / rate.den + 0.5);
}

/** Seconds from the first frame to frame n, as the source presents it. */
export function timeOf(timebase: Timebase, frame: number): number {
  const { times, rate } = timebase;
  if (times && times.length > 0) {
    const known = times[Math.min(Math.max(0, Math.floor(frame)), times.length - 1)] ?? 0;
    const past = frame - (times.length - 1);
    return past > 0 ? known + (past * rate.den) / rate.num : known;
  }
  return (frame * rate.den) / rate.num;
}

/** The frame shown at a source time: the last one that begins no later. */
export function frameAtTime(timebase: Timebase, seconds: number): number {
  const { times, rate, total } = timebase;
  if (!times) return clampFrame(Math.floor((seconds * rate.num) / rate.den + 1e-6), total);
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? 0) <= seconds + 1e-6) low = middle + 1;
    else high = middle;
  }
  return clampFrame(low - 1, total);
}

/** Move by seconds of the source; at least one frame, so that a jump within a gap is never stuck. */
export function jump(timebase: Timebase, frame: number, seconds: number): number {
  const landed = frameAtTime(timebase, timeOf(timebase, frame) + seconds);
  const moved = seconds > 0 ? Math.max(landed, frame + 1) : Math.min(landed, frame - 1);
  return clampFrame(moved, timebase.total);
}

/** Seconds of footage in a span. */
export function spanSeconds(timebase: Timebase, span: Span): number {
  return timeOf(timebase, span.stop) - timeOf(timebase, span.start);
}

/** A span of at least one frame within the video, whichever end was named first. */
export function toSpan(one: number, other: number, total: number): Span {
  const start = clampFrame(Math.min(one, other), total);
  const stop = Math.min(Math.max(Math.round(Math.max(one, other)), start + 1), Math.max(total, start + 1));
  return { start, stop };
}

/** Move one edge to a frame; the other stays, and at least one frame remains between them. */
export function withEdge(span: Span, edge: "start" | "stop", frame: number, total: number): Span {
  if (edge === "start") return { ...span, start: Math.min(clampFrame(frame, total), span.stop - 1) };
  return { ...span, stop: Math.max(Math.min(Math.round(frame), total), span.start + 1) };
}

export function sameSpan(one: Span, other: Span): boolean {
  return one.start === other.start && one.stop === other.stop;
}

/** A point in time: 00:00:49.36. Cut, not rounded: a clock never shows a second that has not begun. */
export function formatClock(seconds: number, decimals = 2): string {
  const unit = 10 ** decimals;
  // the nudge undoes binary fractions such as 0.29 * 100 = 28.999999999999996
  const ticks = Math.floor(Math.max(0, seconds) * unit + 1e-4);
  const whole = Math.floor(ticks / unit);
  const pad = (value: number, width = 2): string => String(value).padStart(width, "0");
  const clock = `${pad(Math.floor(whole / 3600))}:${pad(Math.floor((whole % 3600) / 60))}:${pad(whole % 60)}`;
  return decimals > 0 ? `${clock}.${pad(ticks % unit, decimals)}` : clock;
}

/** A point in time where room is short: 0:49.3, 1:02:03.0. */
export function formatShortClock(seconds: number, decimals = 1): string {
  return formatClock(seconds, decimals)
    .replace(/^00:0?/, "")
    .replace(/^0(?=\d:)/, "");
}

/** The length of a span: 0.84 s, 12.3 s, 3 min 20 s. */
export function formatSeconds(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(2)} s`;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
