import type { Decision, RejectReason, Segment, Severity, Uuid, Verdict } from "../api/types";
import { sameSpan, type Span } from "../lib/frames";
import { counting, isDisputed, type Voice } from "./voices";

/** What I think about one subject now. `saved` is false while the server has not confirmed it. */
export type Judgement = Span & {
  decision: Exclude<Decision, "withdrawn">;
  labels: string[];
  reason: RejectReason;
  comment: string;
  saved: boolean;
  /** a manager's word that ends a disagreement */
  settles?: boolean;
  /** when the server took it, in ms; unknown while it has not */
  at?: number | undefined;
};

/** One thing on the lanes and in the queue: a proposal of the run, or a span that I drew. */
export type Item = {
  subject: Uuid;
  video: Uuid;
  videoName: string;
  /** what the model proposed; null for a drawn span */
  proposed: Span | null;
  peak: number;
  /** null: no run gave it one */
  score: number | null;
  /** an item of the run's queue: proposed, or picked by chance for the audit */
  listed: boolean;
  /** picked by chance among what the run does not propose: it tells what the run misses */
  audit: boolean;
  severity: Severity | null;
  judgement: Judgement | null;
  others: readonly Voice[];
  /** what I decided about the same event in another run; null where I have said something about this one */
  before: Segment["decided_before"];
};

export type ItemState = "proposed" | "accepted" | "rejected" | "adjusted" | "unsure";

export const STATE_NAMES: Record<ItemState, string> = {
  proposed: "to review",
  accepted: "accepted",
  rejected: "rejected",
  adjusted: "adjusted",
  unsure: "unsure",
};

export const REASONS: readonly { reason: Exclude<RejectReason, "">; label: string }[] = [
  { reason: "lighting", label: "Lighting" },
  { reason: "camera", label: "Camera" },
  { reason: "normal", label: "Normal activity" },
  { reason: "duplicate", label: "Duplicate" },
  { reason: "other", label: "Other" },
];

const judgements = new WeakMap<Verdict, Judgement>();
const itemsOf = new WeakMap<Segment, Item>();

/** The same verdict gives the same object, so that a list of many draws again only what has changed. */
export function judgementOf(verdict: Verdict | null | undefined): Judgement | null {
  if (!verdict || verdict.decision === "withdrawn") return null;
  const known = judgements.get(verdict);
  if (known) return known;
  const { decision, start, stop, labels, reason, comment, settles } = verdict;
  const at = Date.parse(verdict.created_at);
  const made = { decision, start, stop, labels, reason, comment, settles, at, saved: true };
  judgements.set(verdict, made);
  return made;
}

/** The span that counts: the person's where there is one, else the model's, else that of whoever drew it. */
export function spanOf(item: Item): Span {
  const { judgement, proposed, others, peak } = item;
  if (judgement) return { start: judgement.start, stop: judgement.stop };
  if (proposed) return proposed;
  const drawn = counting(others);
  return drawn ? { start: drawn.start, stop: drawn.stop } : { start: peak, stop: peak + 1 };
}

/** Some accept it and others reject it. */
export function inConflict({ others, judgement }: Item): boolean {
  if (others.length === 0) return false;
  const mine = judgement && {
    ...judgement,
    settles: judgement.settles ?? false,
    at: judgement.at ?? Number.POSITIVE_INFINITY,
  };
  return isDisputed(others, mine);
}

export function stateOf(item: Item): ItemState {
  const { judgement, proposed } = item;
  if (!judgement) return "proposed";
  if (judgement.decision === "reject") return "rejected";
  if (judgement.decision === "unsure") return "unsure";
  return proposed && !sameSpan(proposed, judgement) ? "adjusted" : "accepted";
}

/** What I think of a subject: what this session knows (newer, maybe not sent yet) before what the server said. */
export type Opinion = (subject: Uuid, server: Verdict | null) => Judgement | null;

/** What others think of a subject, from what a list said of them. */
export type Hearing = (subject: Uuid, listed: readonly Voice[]) => readonly Voice[];

const AS_LISTED: Hearing = (_, listed) => listed;

export function itemOfSegment(segment: Segment, opinion: Opinion, hearing: Hearing = AS_LISTED): Item {
  const judgement = opinion(segment.id, segment.verdict);
  const others = hearing(segment.id, segment.others);
  const known = itemsOf.get(segment);
  if (known && known.judgement === judgement && sameVoices(known.others, others)) return known;
  const made: Item = {
    subject: segment.id,
    video: segment.video,
    videoName: segment.video_name,
    proposed: { start: segment.start, stop: segment.stop },
    peak: segment.peak_frame,
    score: segment.score,
    listed: true,
    audit: segment.audit,
    severity: segment.severity,
    judgement,
    others,
    before: judgement ? null : segment.decided_before,
  };
  itemsOf.set(segment, made);
  return made;
}

function sameVoices(one: readonly Voice[], other: readonly Voice[]): boolean {
  return one === other || (one.length === other.length && one.every((voice, n) => voice === other[n]));
}

/** A span that this run does not propose: drawn, or proposed by another run or at another threshold. */
export function itemOfSpan(
  subject: Uuid,
  video: { id: Uuid; name: string },
  judgement: Judgement | null,
  verdict: Verdict | null = null,
  others: readonly Voice[] = [],
): Item {
  const { proposed_start: start = null, proposed_stop: stop = null } = verdict ?? {};
  return {
    subject,
    video: video.id,
    videoName: video.name,
    proposed: start !== null && stop !== null ? { start, stop } : null,
    peak: judgement?.start ?? verdict?.start ?? 0,
    score: null,
    listed: false,
    audit: false,
    severity: null,
    judgement,
    others,
    before: null,
  };
}

/** Do I still have to decide it? */
export function isOpen({ judgement, before }: Item): boolean {
  return judgement === null && before === null;
}

/** The peak before or after a frame. `peaks` in any order. */
export function neighbourPeak(peaks: readonly number[], frame: number, direction: 1 | -1): number | null {
  const beyond = peaks.filter((peak) => (direction > 0 ? peak > frame : peak < frame));
  if (beyond.length === 0) return null;
  return direction > 0 ? Math.min(...beyond) : Math.max(...beyond);
}
