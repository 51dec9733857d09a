import type { TrackWindow, Uuid } from "../../api/types";
import type { View } from "./view";

/**
 * Curves of any length, as tiles on a fixed grid: level k has one (min, max) pair for each 2^k frames, a tile
 * holds TILE pairs. Panning and zooming reuse what is there; a missing tile is drawn from a coarser one.
 */
export const TILE = 1024;
const MOST_TILES = 600; // about 10 MB

export type Fetch = (
  track: Uuid,
  request: { start: number; stop: number; width: number },
  signal: AbortSignal,
) => Promise<TrackWindow>;

type Tile = { key: string; track: Uuid; level: number; index: number };

/** Frames a bucket of this level covers. */
export function bucketFrames(level: number): number {
  return 2 ** level;
}

/** The finest level that has no more than one bucket a pixel: no more is fetched than can be seen. */
export function levelFor(view: View, width: number): number {
  const perPixel = (view.stop - view.start) / Math.max(width, 1);
  return Math.max(0, Math.floor(Math.log2(Math.max(perPixel, 1))));
}

export function tilesOf(view: View, level: number, total: number): number[] {
  const size = TILE * bucketFrames(level);
  const first = Math.max(0, Math.floor(view.start / size));
  const last = Math.floor(Math.max(0, Math.min(view.stop, total) - 1) / size);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, n) => first + n);
}

const keyOf = (track: Uuid, level: number, index: number): string => `${track}/${level}/${index}`;

export class TrackTiles {
  private readonly tiles = new Map<string, TrackWindow>(); // in order of use: the first is the oldest
  private readonly pending = new Map<string, AbortController>();
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly fetch: Fetch,
    private readonly total: number,
    private readonly onArrival: () => void,
    private readonly quiet_ms = 70,
  ) {}

  /** Everything that can be drawn of a view now, coarse to fine; a finer window hides what lies under it. */
  windows(track: Uuid, view: View, width: number): TrackWindow[] {
    const level = levelFor(view, width);
    const found: TrackWindow[] = [];
    const missing: Tile[] = [];
    for (const index of tilesOf(view, level, this.total)) {
      const key = keyOf(track, level, index);
      const tile = this.use(key);
      if (tile) found.push(tile);
      else missing.push({ key, track, level, index });
    }
    if (missing.length === 0) return found;
    return [...this.coarser(track, view, level), ...found];
  }

  /** Ask for what a view needs once it has been still for a moment; the whole video at first use, for the rest. */
  want(tracks: readonly Uuid[], view: View, width: number): void {
    clearTimeout(this.timer);
    if (width <= 0) return;
    const level = levelFor(view, width);
    const top = levelFor({ start: 0, stop: this.total }, width);
    const whole = tracks.flatMap((track) => this.missing(track, top, { start: 0, stop: this.total }));
    const exact = tracks.flatMap((track) => this.missing(track, level, view));
    for (const tile of whole) void this.load(tile);
    this.timer = setTimeout(() => {
      this.dropUnwanted(new Set([...whole, ...exact].map((tile) => tile.key)));
      for (const tile of exact) void this.load(tile);
    }, this.quiet_ms);
  }

  /** The largest value known of the bucket at a frame, from the finest tile there is. */
  valueAt(track: Uuid, frame: number): number | null {
    for (let level = 0; level <= 40; level += 1) {
      const tile = this.tiles.get(keyOf(track, level, Math.floor(frame / (TILE * bucketFrames(level)))));
      if (!tile) continue;
      const value = tile.max[Math.floor((frame - tile.start) / tile.step)];
      if (value !== undefined) return value;
    }
    return null;
  }

  clear(): void {
    clearTimeout(this.timer);
    for (const controller of this.pending.values()) controller.abort();
    this.pending.clear();
    this.tiles.clear();
  }

  private use(key: string): TrackWindow | undefined {
    const tile = this.tiles.get(key);
    if (tile) {
      this.tiles.delete(key);
      this.tiles.set(key, tile);
    }
    return tile;
  }

  private coarser(track: Uuid, view: View, level: number): TrackWindow[] {
    for (let up = level + 1; TILE * bucketFrames(up - 1) < this.total; up += 1) {
      const tiles = tilesOf(view, up, this.total).map((index) => this.use(keyOf(track, up, index)));
      const known = tiles.filter((tile) => tile !== undefined);
      if (known.length > 0) return known;
    }
    return [];
  }

  private missing(track: Uuid, level: number, view: View): Tile[] {
    return tilesOf(view, level, this.total)
      .map((index) => ({ key: keyOf(track, level, index), track, level, index }))
      .filter(({ key }) => !this.tiles.has(key));
  }

  private dropUnwanted(wanted: ReadonlySet<string>): void {
    for (const [key, controller] of this.pending) {
      if (!wanted.has(key)) controller.abort();
    }
  }

  private async load({ key, track, level, index }: Tile): Promise<void> {
    if (this.pending.has(key)) return;
    const controller = new AbortController();
    this.pending.set(key, controller);
    const step = bucketFrames(level);
    const start = index * TILE * step;
    const stop = Math.min(start + TILE * step, this.total);
    try {
      const tile = await this.fetch(
        track,
        { start, stop, width: Math.max(1, Math.ceil((stop - start) / step)) },
        controller.signal,
      );
      this.tiles.set(key, tile);
      while (this.tiles.size > MOST_TILES) this.tiles.delete(this.tiles.keys().next().value ?? "");
      this.onArrival();
    } catch {
      // aborted, or the server was silent: the coarser curve stays, and the next movement asks again
    } finally {
      if (this.pending.get(key) === controller) this.pending.delete(key);
    }
  }
}

export type Columns = { low: Float32Array; high: Float32Array };

/** Smallest and largest value of each pixel column; NaN where nothing is known. Later windows hide earlier ones. */
export function columnsOf(windows: readonly TrackWindow[], view: View, width: number): Columns {
  const low = new Float32Array(width).fill(Number.NaN);
  const high = new Float32Array(width).fill(Number.NaN);
  const perPixel = (view.stop - view.start) / Math.max(width, 1);
  for (const { start, stop, step, min, max } of windows) {
    const from = Math.max(0, Math.floor((start - view.start) / perPixel));
    const to = Math.min(width, Math.ceil((stop - view.start) / perPixel));
    for (let x = from; x < to; x += 1) {
      const begin = view.start + x * perPixel;
      const first = Math.max(0, Math.floor((begin - start) / step));
      // the bucket that begins exactly at the next pixel belongs to that pixel
      const last = Math.min(
        min.length - 1,
        Math.max(first, Math.ceil((begin + perPixel - start) / step - 1e-9) - 1),
      );
      let least = Number.POSITIVE_INFINITY;
      let most = Number.NEGATIVE_INFINITY;
      for (let n = first; n <= last; n += 1) {
        const down = min[n] ?? null; // null: no value there
        const up = max[n] ?? null;
        if (down !== null && down < least) least = down;
        if (up !== null && up > most) most = up;
      }
      if (most === Number.NEGATIVE_INFINITY) continue;
      low[x] = least;
      high[x] = most;
    }
  }
  return { low, high };
}
