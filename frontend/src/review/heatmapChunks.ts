import type { HeatmapBlock } from "../api/queries/heatmaps";
import type { HeatmapMeta } from "../api/types";

export const CHUNK = 64; // maps a request
const MOST_BYTES = 64 * 1024 * 1024;
const MOST_REQUESTS = 2;

/** The map nearest to a frame; null where the frame lies beyond what was mapped. */
export function mapIndex(meta: HeatmapMeta, frame: number): number | null {
  if (meta.count <= 0) return null;
  const index = Math.round((frame - meta.offset) / meta.stride);
  // a window's map stands for the frames around it: the ends reach half a stride further, and no more
  if (index < 0 || index > meta.count) return null;
  return Math.min(index, meta.count - 1);
}

/** The source frames to ask for to get chunk n. */
export function chunkSpan(meta: HeatmapMeta, chunk: number): { start: number; stop: number } {
  const first = chunk * CHUNK;
  const last = Math.min(first + CHUNK, meta.count) - 1;
  return { start: meta.offset + first * meta.stride, stop: meta.offset + last * meta.stride + 1 };
}

type FetchBlock = (span: { start: number; stop: number }, signal: AbortSignal) => Promise<HeatmapBlock>;

/** The maps of one (run, video) around the playhead: fetched in chunks, the longest unused dropped first. */
export class HeatmapChunks {
  private readonly chunks = new Map<number, HeatmapBlock>(); // in order of use
  private readonly pending = new Map<number, AbortController>();
  private bytes = 0;
  private queue: number[] = [];

  constructor(
    readonly meta: HeatmapMeta,
    private readonly fetch: FetchBlock,
    private readonly onArrival: () => void,
  ) {}

  /** The bytes of a map, row by row, or null while it is on its way. */
  map(index: number): Uint8Array | null {
    const chunk = Math.floor(index / CHUNK);
    const block = this.chunks.get(chunk);
    if (!block) return null;
    this.chunks.delete(chunk);
    this.chunks.set(chunk, block);
    const size = this.meta.height * this.meta.width;
    const place = index - block.first;
    if (place < 0 || place >= block.count) return null;
    return block.values.subarray(place * size, (place + 1) * size);
  }

  /** Get the chunk of a map; while playing the next `ahead` ones too. Forgets older wishes. */
  want(index: number, ahead: number): void {
    const chunk = Math.floor(index / CHUNK);
    const last = Math.floor((this.meta.count - 1) / CHUNK);
    const wanted: number[] = [];
    for (let n = chunk; n <= Math.min(chunk + ahead, last); n += 1) wanted.push(n);
    for (const [n, controller] of this.pending) {
      if (!wanted.includes(n)) controller.abort();
    }
    this.queue = wanted.filter((n) => !this.chunks.has(n) && !this.pending.has(n));
    this.next();
  }

  clear(): void {
    this.queue = [];
    for (const controller of this.pending.values()) controller.abort();
    this.pending.clear();
    this.chunks.clear();
    this.bytes = 0;
  }

  private next(): void {
    while (this.pending.size < MOST_REQUESTS) {
      const chunk = this.queue.shift();
      if (chunk === undefined) return;
      void this.load(chunk);
    }
  }

  private async load(chunk: number): Promise<void> {
    const controller = new AbortController();
    this.pending.set(chunk, controller);
    try {
      const block = await this.fetch(chunkSpan(this.meta, chunk), controller.signal);
      if (controller.signal.aborted) return;
      this.chunks.set(chunk, block);
      this.bytes += block.values.byteLength;
      this.evict();
      this.onArrival();
    } catch {
      // aborted, or the server was silent: the picture stays without a map, and the next frame asks again
    } finally {
      if (this.pending.get(chunk) === controller) this.pending.delete(chunk);
      this.next();
    }
  }

  private evict(): void {
    for (const [chunk, block] of this.chunks) {
      if (this.bytes <= MOST_BYTES || this.chunks.size <= 2) return;
      this.chunks.delete(chunk);
      this.bytes -= block.values.byteLength;
    }
  }
}
