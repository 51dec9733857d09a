import type { PeopleBlock } from "../../api/queries/people";
import { Chunks } from "../chunks";

export const CHUNK = 128; // frames a request
const MOST_CHUNKS = 48;

/** Rows [first, last) of a block are the people of one frame. */
export type FramePeople = { block: PeopleBlock; first: number; last: number };

type FetchBlock = (span: { start: number; stop: number }, signal: AbortSignal) => Promise<PeopleBlock>;

/** The people around the playhead. */
export class PeopleChunks {
  private readonly chunks: Chunks<PeopleBlock[]>;

  constructor(
    private readonly total: number,
    fetch: FetchBlock,
    onArrival: () => void,
  ) {
    this.chunks = new Chunks({
      fetch: (chunk, signal) => {
        const start = chunk * CHUNK;
        return fetchAll(fetch, { start, stop: Math.min(start + CHUNK, total) }, signal);
      },
      weigh: () => 1,
      most: MOST_CHUNKS,
      onArrival,
    });
  }

  /** The people of a frame, or null while they are on their way. */
  at(frame: number): FramePeople | null {
    const blocks = this.chunks.get(Math.floor(frame / CHUNK));
    const block = blocks?.find(({ start, stop }) => frame >= start && frame < stop);
    if (!block) return null;
    return { block, first: placeOf(block.frames, frame), last: placeOf(block.frames, frame + 1) };
  }

  /** Get the chunk of a frame; while playing the next one too. Forgets older wishes. */
  want(frame: number, ahead: number): void {
    const chunk = Math.floor(frame / CHUNK);
    this.chunks.want(chunk, Math.min(chunk + ahead, Math.floor((this.total - 1) / CHUNK)));
  }

  clear(): void {
    this.chunks.clear();
  }
}

/** In a crowd an answer ends early: ask on from there. */
async function fetchAll(
  fetch: FetchBlock,
  { start, stop }: { start: number; stop: number },
  signal: AbortSignal,
): Promise<PeopleBlock[]> {
  const blocks: PeopleBlock[] = [];
  for (let next = start; next < stop;) {
    const block = await fetch({ start: next, stop }, signal);
    blocks.push(block);
    next = Math.max(block.stop, next + 1);
  }
  return blocks;
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
