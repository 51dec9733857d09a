import { useMemo } from "react";

import type { Segment, Uuid, Verdict, Video } from "../api/types";
import { type Hearing, type Item, itemOfSegment, itemOfSpan, type Opinion, spanOf } from "./items";
import { drawnIn, type VerdictBook } from "./verdictBook";
import { type Voice, voiceOf } from "./voices";

type Options = {
  me: Uuid;
  video: Video;
  segments: readonly Segment[];
  /** current ones of everybody */
  verdicts: readonly Verdict[];
  opinion: Opinion;
  hearing: Hearing;
  entries: ReturnType<VerdictBook["store"]["get"]>;
};

/** Everything that people and the run say about one video, by time. */
export function lanesOf({ me, video, segments, verdicts, opinion, hearing, entries }: Options): Item[] {
  const items = new Map<Uuid, Item>();
  for (const segment of segments) items.set(segment.id, itemOfSegment(segment, opinion, hearing));
  // drawn, or an answer to a proposal of another run or of an earlier threshold
  for (const [subject, said] of bySubject(verdicts)) {
    if (items.has(subject)) continue;
    const mine = said.find((verdict) => verdict.reviewer === me) ?? null;
    const others: Voice[] = said.filter((verdict) => verdict !== mine).map(voiceOf);
    const judgement = opinion(subject, mine);
    const heard = hearing(subject, others);
    if (!judgement && heard.length === 0) continue;
    items.set(subject, itemOfSpan(subject, video, judgement, mine ?? said[0] ?? null, heard));
  }
  for (const [subject, judgement] of drawnIn(entries, video.id)) {
    if (!items.has(subject)) items.set(subject, itemOfSpan(subject, video, judgement));
  }
  return [...items.values()].sort((one, other) => spanOf(one).start - spanOf(other).start);
}

function bySubject(verdicts: readonly Verdict[]): Map<Uuid, Verdict[]> {
  const found = new Map<Uuid, Verdict[]>();
  for (const verdict of verdicts) {
    const known = found.get(verdict.subject);
    if (known) known.push(verdict);
    else found.set(verdict.subject, [verdict]);
  }
  return found;
}

export function useLanes(options: Options): Item[] {
  const { me, video, segments, verdicts, opinion, hearing, entries } = options;
  return useMemo(
    () => lanesOf({ me, video, segments, verdicts, opinion, hearing, entries }),
    [me, video, segments, verdicts, opinion, hearing, entries],
  );
}
