import type { Uuid, Verdict, VerdictRequest } from "../api/types";
import { createStore, type Store } from "../lib/store";
import { type Judgement, judgementOf } from "./items";
import { subjectOf } from "./outbox";

/** What this session said last about one subject. `judgement` null: taken back. */
type Entry = {
  judgement: Judgement | null;
  /** of a drawn span; null for a proposal */
  video: Uuid | null;
  key: Uuid;
  /** when the server took it; null while it has not */
  savedAt: number | null;
};

type Entries = ReadonlyMap<Uuid, Entry>;

/**
 * My decisions of this session by subject. They are shown at once and over what older lists of the server say; an
 * entry gives way only to a verdict that is newer than its own confirmation (given in another tab).
 */
export class VerdictBook {
  readonly store: Store<Entries> = createStore<Entries>(new Map());

  /** A decision was made; it may not have left the browser yet. */
  said(request: VerdictRequest): void {
    const { decision, start, stop } = request;
    const judgement =
      decision === "withdrawn" || start === undefined || stop === undefined
        ? null
        : {
            decision,
            start,
            stop,
            labels: request.labels ?? [],
            reason: request.reason ?? "",
            comment: request.comment ?? "",
            settles: request.settles ?? false,
            saved: false,
          };
    const video = "segment" in request ? null : request.video;
    this.put(subjectOf(request), { judgement, video, key: request.client_key, savedAt: null });
  }

  saved(request: VerdictRequest, verdict: Verdict): void {
    const entry = this.store.get().get(subjectOf(request));
    if (entry?.key !== request.client_key) return; // said something newer meanwhile
    const at = Date.parse(verdict.created_at);
    const judgement = entry.judgement && { ...entry.judgement, saved: true, at };
    this.put(subjectOf(request), { ...entry, judgement, savedAt: at });
  }

  /** The server will never take it: what it knows counts again. */
  refused(request: VerdictRequest): void {
    const subject = subjectOf(request);
    if (this.store.get().get(subject)?.key !== request.client_key) return;
    const entries = new Map(this.store.get());
    entries.delete(subject);
    this.store.set(entries);
  }

  private put(subject: Uuid, entry: Entry): void {
    this.store.set(new Map(this.store.get()).set(subject, entry));
  }
}

export function opinionIn(entries: Entries, subject: Uuid, server: Verdict | null): Judgement | null {
  const entry = entries.get(subject);
  if (!entry) return judgementOf(server);
  const newer = entry.savedAt !== null && server !== null && Date.parse(server.created_at) > entry.savedAt;
  return newer ? judgementOf(server) : entry.judgement;
}

/** Spans drawn on a video in this session that are not taken back. */
export function drawnIn(entries: Entries, video: Uuid): [Uuid, Judgement][] {
  return [...entries].flatMap(([subject, entry]): [Uuid, Judgement][] =>
    entry.video === video && entry.judgement ? [[subject, entry.judgement]] : [],
  );
}
