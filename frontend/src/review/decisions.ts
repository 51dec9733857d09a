import type { RejectReason, Uuid, VerdictRequest } from "../api/types";
import type { Span } from "../lib/frames";
import type { Item, Judgement } from "./items";

/** One step back over a decision about many. */
export type ManyStep = { what: string; takeBack: () => Promise<void> };

/** Whom a decision is about, enough to take it back later from anywhere. */
export type Target = { subject: Uuid; video: Uuid; drawn: boolean };

export type Said = Omit<Judgement, "saved" | "at">;

/** One step back: what I thought of the target before. */
export type UndoStep = {
  target: Target;
  item: Item | null;
  before: Judgement | null;
  span: Span;
  what: string;
  /** client_key of the verdict that this step takes back */
  key: Uuid;
};

export function targetOf(item: Item): Target {
  return { subject: item.subject, video: item.video, drawn: item.proposed === null };
}

function subjectFields(target: Target): { segment: Uuid } | { video: Uuid; subject: Uuid } {
  return target.drawn ? { video: target.video, subject: target.subject } : { segment: target.subject };
}

/** What is sent for a decision. Both edges always go along: the request means the same whenever it arrives. */
export function verdictRequest(target: Target, said: Said, key: Uuid, secondsSpent = 0): VerdictRequest {
  const reason: RejectReason = said.decision === "reject" ? said.reason : "";
  return {
    ...subjectFields(target),
    client_key: key,
    decision: said.decision,
    start: said.start,
    stop: said.stop,
    labels: said.decision === "reject" ? [] : said.labels,
    reason,
    comment: said.comment,
    seconds_spent: Math.round(secondsSpent * 10) / 10,
    ...(said.settles ? { settles: true } : {}),
  };
}

/** Undo is one more decision: the one before, or none at all. It names what it takes back, and takes back no other. */
export function undoRequest(step: UndoStep, key: Uuid): VerdictRequest {
  if (step.before) return { ...verdictRequest(step.target, step.before, key), replaces: step.key };
  return {
    ...subjectFields(step.target),
    client_key: key,
    replaces: step.key,
    decision: "withdrawn",
    start: step.span.start,
    stop: step.span.stop,
  };
}

/** After an undo sent under `key`, the step before it about the same subject takes that one back. */
export function afterUndo<Step extends UndoStep | ManyStep>(
  steps: readonly Step[],
  undone: UndoStep,
  key: Uuid,
): Step[] {
  const place = steps.findLastIndex(
    (step) => "target" in step && step.target.subject === undone.target.subject,
  );
  return steps.map((step, n) => (n === place ? { ...step, key } : step));
}

const LONGEST_S = 600;

/** Time spent on one item, as far as it can be known: pauses of the person count up to ten minutes. */
export class Stopwatch {
  private since = 0;
  private subject: Uuid | null = null;

  constructor(private readonly now: () => number = () => performance.now()) {}

  look(subject: Uuid | null): void {
    if (subject === this.subject) return;
    this.subject = subject;
    this.since = this.now();
  }

  /** Seconds since it was opened or last decided; starts again. */
  take(subject: Uuid): number {
    if (subject !== this.subject) return 0;
    const spent = Math.min(LONGEST_S, (this.now() - this.since) / 1000);
    this.since = this.now();
    return spent;
  }
}
