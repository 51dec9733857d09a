import type { Uuid } from "../api/types";
import type { Span } from "../lib/frames";
import { createStore, type Store } from "../lib/store";
import type { Item } from "./items";
import { spanOf } from "./items";

/** What was changed about an item and not decided yet. It stays while one looks at others. */
export type Draft = { span?: Span; labels?: string[]; comment?: string };

/** A missed span being marked with the keys, before anything is selected: one end, then the other. */
export type Marks = { video: Uuid; start: number | null; stop: number | null };

export type Drafts = { items: ReadonlyMap<Uuid, Draft>; marks: Marks | null };

export type DraftStore = Store<Drafts>;

export function createDrafts(): DraftStore {
  return createStore<Drafts>({ items: new Map(), marks: null });
}

export function draftOf(drafts: Drafts, subject: Uuid | null | undefined): Draft {
  return (subject && drafts.items.get(subject)) || {};
}

export function changeDraft(store: DraftStore, subject: Uuid, changed: Draft): void {
  store.set((old) => ({
    ...old,
    items: new Map(old.items).set(subject, { ...old.items.get(subject), ...changed }),
  }));
}

export function dropDraft(store: DraftStore, subject: Uuid): void {
  store.set((old) => {
    if (!old.items.has(subject)) return old;
    const items = new Map(old.items);
    items.delete(subject);
    return { ...old, items };
  });
}

/** Forget an item's draft if its edges are moved; false where they are not. */
export function dropMoved(store: DraftStore, subject: Uuid | undefined): boolean {
  if (!draftOf(store.get(), subject).span || subject === undefined) return false;
  dropDraft(store, subject);
  return true;
}

/** The span as edited, the labels as chosen: what a decision would take now. */
export function withDraft(item: Item, draft: Draft): { span: Span; labels: string[]; comment: string } {
  return {
    span: draft.span ?? spanOf(item),
    labels: draft.labels ?? item.judgement?.labels ?? [],
    comment: draft.comment ?? item.judgement?.comment ?? "",
  };
}

export function toggled(labels: readonly string[], name: string): string[] {
  return labels.includes(name) ? labels.filter((one) => one !== name) : [...labels, name];
}
