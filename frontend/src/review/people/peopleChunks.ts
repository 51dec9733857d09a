import type { PeopleBlock } from "../../api/queries/people";

export const CHUNK = 128; // frames a request
const MOST_CHUNKS = 48;
const MOST_REQUESTS = 2;

/** Rows [first, last) of a block are the people of one frame. */
export type FramePeople = { block: PeopleBlock; first: number; last: number };

type FetchBlock = (span: { start: number; stop: number }, signal: AbortSignal) => Promise<PeopleBlock>;

/** The people around the playhead: fetched in chunks, the longest unused dropped first. */
export class PeopleChunks {
  private readonly chunks = new Map<number, PeopleBlock[]>(); // in order of use
  private readonly pending = new Map<number, AbortController>();
  private queue: number[] = [];

  constructor(
    private readonly total: number,
    private readonly fetch: FetchBlock,
    private readonly onArrival: () => void,
  ) {}

  /** The people of a frame, or null while they are on their way. */
  at(frame: number): FramePeople | null {
    const chunk = Math.floor(frame / CHUNK);
    const blocks = this.chunks.get(chunk);
    if (!blocks) return null;
    this.chunks.delete(chunk);
    this.chunks.set(chunk, blocks);
    const block = blocks.find(({ start, stop }) => frame >= start && frame < stop);
    if (!block) return null;
    return { block, first: placeOf(block.frames, frame), last: placeOf(block.frames, frame + 1) };
  }

  /** Get the chunk of a frame; while playing the next one too. Forgets older wishes. */
  want(frame: number, ahead: number): void {
    const chunk = Math.floor(frame / CHUNK);
    const last = Math.floor((this.total - 1) / CHUNK);
    const wanted: number[] = [];
    for (let n = chunk; n <= Math.min(chunk + ahead, last); n += 1) wanted.push(n);
    for (const [n, controller] of this.pending) if (!wanted.includes(n)) controller.abort();
    this.queue = wanted.filter((n) => !this.chunks.has(n) && !this.pending.has(n));
    this.next();
  }

  clear(): void {
    this.queue = [];
    for (const controller of this.pending.values()) controller.abort();
    this.pending.clear();
    this.chunks.clear();
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
    const stop = Math.min((chunk + 1) * CHUNK, this.total);
    const blocks: PeopleBlock[] = [];
    try {
      // in a crowd an answer ends early: ask on from there
      for (let start = chunk * CHUNK; start < stop;) {
        const block = await this.fetch({ start, stop }, controller.signal);
        if (controller.signal.aborted) return;
        blocks.push(block);
        start = Math.max(block.stop, start + 1);
      }
      this.chunks.set(chunk, blocks);
      for (const old of this.chunks.keys()) {
        if (this.chunks.size <= MOST_CHUNKS) break;
        this.chunks.delete(old);
      }
      this.onArrival();
    } catch {
      // aborted, or the server was silent: nobody is drawn, and the next frame asks again
    } finally {
      if (this.pending.get(chunk) === controller) this.pending.delete(chunk);
      this.next();
    }
  }
}

/** Where a frame would stand in ascending frames, before its equals. */
export function placeOf(frames: Int32Array, frame: number): number {
  let low = 0;
  let high = frames.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((frames[middle] ?? 0) < frame) low = middle + 1;
    else high = middle;
  }
  return low;
}
