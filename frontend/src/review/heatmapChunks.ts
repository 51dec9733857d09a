import type { HeatmapBlock } from "../api/queries/heatmaps";
import type { HeatmapMeta } from "../api/types";
import { Chunks } from "./chunks";

export const CHUNK = 64; // maps a request
const MOST_BYTES = 64 * 1024 * 1024;

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

/** The maps of one (run, video) around the playhead. */
export class HeatmapChunks {
  private readonly chunks: Chunks<HeatmapBlock>;

  constructor(
    readonly meta: HeatmapMeta,
    fetch: FetchBlock,
    onArrival: () => void,
  ) {
    this.chunks = new Chunks({
      fetch: (chunk, signal) => fetch(chunkSpan(meta, chunk), signal),
      weigh: (block) => block.values.byteLength,
      most: MOST_BYTES,
      onArrival,
    });
  }

  /** The bytes of a map, row by row, or null while it is on its way. */
  map(index: number): Uint8Array | null {
    const block = this.chunks.get(Math.floor(index / CHUNK));
    if (!block) return null;
    const size = this.meta.height * this.meta.width;
    const place = index - block.first;
    if (place < 0 || place >= block.count) return null;
    return block.values.subarray(place * size, (place + 1) * size);
  }

  /** Get the chunk of a map; while playing the next `ahead` ones too. Forgets older wishes. */
  want(index: number, ahead: number): void {
    const chunk = Math.floor(index / CHUNK);
    this.chunks.want(chunk, Math.min(chunk + ahead, Math.floor((this.meta.count - 1) / CHUNK)));
  }

  clear(): void {
    this.chunks.clear();
  }
}
