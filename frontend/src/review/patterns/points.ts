import type { Patterns, SpanRequest, Uuid } from "../../api/types";

/** The windows of a run, packed for drawing and for searching. */
export type Points = {
  count: number;
  length: number;
  videos: readonly { id: Uuid; name: string }[];
  video: Int32Array;
  start: Int32Array;
  x: Float32Array;
  y: Float32Array;
  score: Float32Array;
  /** places in each video, by first frame */
  byVideo: ReadonlyMap<Uuid, Int32Array>;
};

export const SIDE = 65_535; // places on a map are whole numbers from 0 to this

export function pointsOf(found: Patterns): Points {
  const count = found.start.length;
  const start = Int32Array.from(found.start);
  const video = Int32Array.from(found.video);
  const lists = found.videos.map((): number[] => []);
  for (let n = 0; n < count; n += 1) lists[video[n] ?? 0]?.push(n);
  const byVideo = new Map(
    found.videos.map(({ id }, place) => {
      const mine = lists[place] ?? [];
      mine.sort((one, other) => (start[one] ?? 0) - (start[other] ?? 0));
      return [id, Int32Array.from(mine)] as const;
    }),
  );
  return {
    count,
    length: found.length,
    videos: found.videos,
    video,
    start,
    x: Float32Array.from(found.x),
    y: Float32Array.from(found.y, (value) => SIDE - value), // canvases count downwards
    score: Float32Array.from(found.score),
    byVideo,
  };
}

/** The window whose middle is nearest to a frame; null in a video without windows. */
export function windowAt(points: Points, video: Uuid, frame: number): number | null {
  const places = points.byVideo.get(video);
  if (!places || places.length === 0) return null;
  const middle = (n: number): number => (points.start[places[n] ?? 0] ?? 0) + points.length / 2;
  let low = 0;
  let high = places.length - 1;
  while (low < high) {
    const between = (low + high) >> 1;
    if (middle(between) < frame + 0.5) low = between + 1;
    else high = between;
  }
  const before = low > 0 && frame + 0.5 - middle(low - 1) <= middle(low) - frame - 0.5 ? low - 1 : low;
  return places[before] ?? null;
}

/** The frame that shows a window best: its middle, within the video. */
export function frameOf(points: Points, place: number): number {
  return Math.max(0, (points.start[place] ?? 0) + (points.length >> 1));
}

/** Where the map lies on its canvas: pixels = place * scale + offset. */
export type Lens = { scale: number; dx: number; dy: number };

const MARGIN = 10;

export function fitLens(width: number, height: number): Lens {
  const side = Math.max(1, Math.min(width, height) - 2 * MARGIN);
  return { scale: side / SIDE, dx: (width - side) / 2, dy: (height - side) / 2 };
}

/** Zoom so that what lies under a pixel stays there. */
export function zoomed(lens: Lens, factor: number, at: { x: number; y: number }): Lens {
  return {
    scale: lens.scale * factor,
    dx: at.x - (at.x - lens.dx) * factor,
    dy: at.y - (at.y - lens.dy) * factor,
  };
}

const REACH = 10; // pixels between a pointer and the point it means

export function pointAt(points: Points, lens: Lens, at: { x: number; y: number }): number | null {
  let best: number | null = null;
  let least = REACH ** 2;
  for (let n = 0; n < points.count; n += 1) {
    const x = (points.x[n] ?? 0) * lens.scale + lens.dx - at.x;
    const y = (points.y[n] ?? 0) * lens.scale + lens.dy - at.y;
    const distance = x * x + y * y;
    if (distance < least) {
      least = distance;
      best = n;
    }
  }
  return best;
}

export type Corner = { x: number; y: number };

/** The points within a drawn line, closed from its end to its beginning; even-odd where it crosses itself. */
export function within(points: Points, lens: Lens, lasso: readonly Corner[]): number[] {
  if (lasso.length < 3) return [];
  const found: number[] = [];
  for (let n = 0; n < points.count; n += 1) {
    const x = (points.x[n] ?? 0) * lens.scale + lens.dx;
    const y = (points.y[n] ?? 0) * lens.scale + lens.dy;
    let inside = false;
    for (let i = 0, j = lasso.length - 1; i < lasso.length; j = i, i += 1) {
      const one = lasso[i];
      const other = lasso[j];
      if (!one || !other || one.y > y === other.y > y) continue;
      if (x < ((other.x - one.x) * (y - one.y)) / (other.y - one.y) + one.x) inside = !inside;
    }
    if (inside) found.push(n);
  }
  return found;
}

/** The spans of footage that some windows cover, at most `most`: windows that touch become one span. */
export function spansOf(points: Points, chosen: readonly number[], most = 2000): SpanRequest[] {
  const spans: SpanRequest[] = [];
  const ordered = chosen.toSorted(
    (one, other) =>
      (points.video[one] ?? 0) - (points.video[other] ?? 0) ||
      (points.start[one] ?? 0) - (points.start[other] ?? 0),
  );
  for (const place of ordered) {
    const video = points.videos[points.video[place] ?? 0]?.id ?? "";
    const start = Math.max(0, points.start[place] ?? 0);
    const stop = Math.max(start + 1, (points.start[place] ?? 0) + points.length);
    const last = spans.at(-1);
    if (last && last.video === video && start <= last.stop) last.stop = Math.max(last.stop, stop);
    else spans.push({ video, start, stop });
  }
  return spans.slice(0, most);
}
