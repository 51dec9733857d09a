import type { Uuid } from "../../api/types";
import type { Span } from "../../lib/frames";
import { type Item, spanOf } from "../items";
import { counting } from "../voices";

/** One item with the frames that anything of it covers: proposal, verdict, what others say. */
type Entry = Span & { item: Item };

/** Items of one video by place: what lies in a view is found without looking at all of them. */
export class LaneIndex {
  private readonly entries: Entry[];
  /** the furthest stop of entries 0..n: never falls, so it can be searched */
  private readonly reach: number[] = [];
  private readonly bySubject = new Map<Uuid, Item>();
  readonly hasOthers: boolean;

  constructor(items: readonly Item[]) {
    this.entries = items.map(entryOf).sort((one, other) => one.start - other.start);
    let furthest = Number.NEGATIVE_INFINITY;
    for (const { stop } of this.entries) this.reach.push((furthest = Math.max(furthest, stop)));
    for (const item of items) this.bySubject.set(item.subject, item);
    this.hasOthers = items.some((item) => item.others.length > 0);
  }

  get(subject: Uuid | null): Item | null {
    return (subject && this.bySubject.get(subject)) || null;
  }

  /** Items that share a frame with [start, stop), or touch it; by start. */
  within(start: number, stop: number): Item[] {
    const found: Item[] = [];
    for (let n = this.firstReaching(start); n < this.entries.length; n += 1) {
      const entry = this.entries[n];
      if (!entry || entry.start > stop) break;
      if (entry.stop >= start) found.push(entry.item);
    }
    return found;
  }

  private firstReaching(frame: number): number {
    let low = 0;
    let high = this.reach.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.reach[middle] ?? 0) < frame) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function entryOf(item: Item): Entry {
  const spans: Span[] = [spanOf(item)];
  if (item.proposed) spans.push(item.proposed);
  const others = counting(item.others);
  if (others) spans.push(others);
  return {
    item,
    start: Math.min(...spans.map((span) => span.start)),
    stop: Math.max(...spans.map((span) => span.stop)),
  };
}

const known = new WeakMap<readonly Item[], LaneIndex>();

export function laneIndex(items: readonly Item[]): LaneIndex {
  const index = known.get(items) ?? new LaneIndex(items);
  known.set(items, index);
  return index;
}
