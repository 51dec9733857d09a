import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect } from "react";

import { projectKeys } from "../api/queries/projects";
import { sessionKey } from "../api/queries/session";
import { sendVerdict, verdictKeys } from "../api/queries/verdicts";
import { videoKeys } from "../api/queries/videos";
import type { Uuid, VerdictRequest } from "../api/types";
import { useStore } from "../lib/store";
import { notifyError } from "../ui/notify";
import type { Opinion } from "./items";
import { Outbox } from "./outbox";
import { leftKey } from "./useQueue";
import { opinionIn, VerdictBook } from "./verdictBook";

type Kept = { outbox: Outbox; book: VerdictBook };

// One a person, beyond the life of the page: leaving the desk must not stop what is still on its way.
const kept = new Map<Uuid, Kept>();

function browserStorage(): Storage | null {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}

function keptFor(person: Uuid): Kept {
  const known = kept.get(person);
  if (known) return known;
  const name = `vadreview.verdicts.${person}`;
  const outbox = new Outbox({ name, send: sendVerdict, storage: browserStorage() });
  const book = new VerdictBook();
  for (const request of outbox.store.get().waiting) book.said(request);
  outbox.listen({
    saved: (request, verdict) => book.saved(request, verdict),
    refused: (request, _, dropped) => {
      for (const one of [...dropped].reverse()) book.refused(one);
      book.refused(request);
    },
  });
  const made = { outbox, book };
  kept.set(person, made);
  return made;
}

/** My decisions: what I said, shown at once; sent in the background; asked of the server where I said nothing. */
export function useVerdictBook(person: Uuid) {
  const { outbox, book } = keptFor(person);
  const client = useQueryClient();
  const entries = useStore(book.store, (value) => value);

  useEffect(() => {
    const refresh = (): void => {
      if (outbox.store.get().waiting.length > 0) return; // once, after the last of a quick series
      void client.invalidateQueries({ queryKey: verdictKeys.all });
      void client.invalidateQueries({ queryKey: leftKey(null, null).slice(0, 2) });
      void client.invalidateQueries({ queryKey: projectKeys.all });
      void client.invalidateQueries({ queryKey: videoKeys.all, refetchType: "none" });
    };
    const stop = outbox.listen({
      saved: refresh,
      refused: (_, error) => {
        notifyError(error, "A decision was not accepted");
        refresh();
      },
    });
    const flush = (): void => void outbox.flush();
    flush();
    window.addEventListener("online", flush);
    return () => {
      stop();
      window.removeEventListener("online", flush);
    };
  }, [outbox, client]);

  const trouble = useStore(outbox.store, (value) => value.trouble);
  useEffect(() => {
    // asking who I am shows the sign-in page, which leads back here; what waits is sent then
    if (trouble === "signed out") void client.invalidateQueries({ queryKey: sessionKey });
  }, [trouble, client]);

  const opinion: Opinion = useCallback((subject, server) => opinionIn(entries, subject, server), [entries]);
  const submit = useCallback(
    (request: VerdictRequest) => {
      book.said(request);
      outbox.add(request);
    },
    [book, outbox],
  );
  return { entries, opinion, submit, outbox };
}
