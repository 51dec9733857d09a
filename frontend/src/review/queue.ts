import type { Segment, SegmentState, Uuid } from "../api/types";
import { type Hearing, inConflict, isOpen, type Item, itemOfSegment, type Opinion } from "./items";

export const QUEUE_PAGE = 100;

/** Does the list still hold this item, now that I have an opinion (or none any more)? */
function belongs(item: Item, state: SegmentState): boolean {
  if (state === "all" || state === "suspect") return true;
  if (state === "conflict") return inConflict(item);
  if (state === "unsure") return item.judgement === null || item.judgement.decision === "unsure";
  return isOpen(item) === (state === "open");
}

/**
 * The list as shown: every segment once, in the order the server gave, without those that left it by a decision of
 * mine. The selected one stays, so that nothing jumps under the eyes; and what was undone comes back to its place.
 */
export function queueItems(
  pages: readonly (readonly Segment[])[],
  options: { state: SegmentState; opinion: Opinion; hearing?: Hearing; selected: Uuid | null },
): Item[] {
  const seen = new Set<Uuid>();
  const items: Item[] = [];
  for (const segment of pages.flat()) {
    if (seen.has(segment.id)) continue;
    seen.add(segment.id);
    const item = itemOfSegment(segment, options.opinion, options.hearing);
    if (item.subject === options.selected || belongs(item, options.state)) items.push(item);
  }
  return items;
}

/**
 * The page that holds what has not been fetched yet. In the list of open items every decision moves the rest up by
 * one place, so counting pages would skip as many items as were decided meanwhile.
 */
export function nextPage(
  pages: readonly (readonly Segment[])[],
  options: { state: SegmentState; opinion: Opinion },
): number {
  const fetched = new Map(pages.flat().map((segment) => [segment.id, segment]));
  const left = [...fetched.values()].filter((segment) => {
    if (options.state !== "open") return true;
    return options.opinion(segment.id, segment.verdict) === null;
  });
  return Math.floor(left.length / QUEUE_PAGE) + 1;
}

/** The item before or after; from nowhere, the first. Null at the ends. */
export function neighbour(items: readonly Item[], selected: Uuid | null, direction: 1 | -1): Item | null {
  const place = items.findIndex((item) => item.subject === selected);
  if (place < 0) return items[0] ?? null;
  return items[place + direction] ?? null;
}

/** Where to go after a decision: the next open item, from the top again after the last; null when all are decided. */
export function nextOpen(items: readonly Item[], selected: Uuid | null): Item | null {
  const place = items.findIndex((item) => item.subject === selected);
  const onwards = [...items.slice(place + 1), ...items.slice(0, Math.max(place, 0))];
  return onwards.find((item) => isOpen(item) && item.subject !== selected) ?? null;
}
