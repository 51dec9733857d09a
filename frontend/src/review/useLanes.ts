import { useMemo } from "react";

import type { Segment, Uuid, Verdict, Video } from "../api/types";
import { type Item, itemOfSegment, itemOfSpan, type Judgement, type Opinion, spanOf } from "./items";
import { drawnIn, type VerdictBook } from "./verdictBook";

type Options = {
  video: Video;
  segments: readonly Segment[];
  verdicts: readonly Verdict[];
  opinion: Opinion;
  entries: ReturnType<VerdictBook["store"]["get"]>;
};

/** Everything of mine and of the run on one video, by time. */
export function lanesOf({ video, segments, verdicts, opinion, entries }: Options): Item[] {
  const items = new Map<Uuid, Item>();
  for (const segment of segments) items.set(segment.id, itemOfSegment(segment, opinion));
  const add = (subject: Uuid, judgement: Judgement | null, verdict: Verdict | null): void => {
    if (!judgement || items.has(subject)) return;
    items.set(subject, itemOfSpan(subject, video, judgement, verdict));
  };
  // drawn by me, or an answer to a proposal of another run or of an earlier threshold
  for (const verdict of verdicts) add(verdict.subject, opinion(verdict.subject, verdict), verdict);
  for (const [subject, judgement] of drawnIn(entries, video.id)) add(subject, judgement, null);
  return [...items.values()].sort((one, other) => spanOf(one).start - spanOf(other).start);
}

export function useLanes(options: Options): Item[] {
  const { video, segments, verdicts, opinion, entries } = options;
  return useMemo(
    () => lanesOf({ video, segments, verdicts, opinion, entries }),
    [video, segments, verdicts, opinion, entries],
  );
}
