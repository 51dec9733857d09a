import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect } from "react";

import { projectKeys } from "../api/queries/projects";
import { sessionKey } from "../api/queries/session";
import { sendVerdict, verdictKeys } from "../api/queries/verdicts";
import { videoKeys } from "../api/queries/videos";
import type { Uuid, VerdictRequest } from "../api/types";
import { useStore } from "../lib/store";
import { notifyError } from "../ui/notify";
import type { Hearing, Opinion } from "./items";
import { Outbox } from "./outbox";
import { useNews } from "./useNews";
import { leftKey } from "./useQueue";
import { opinionIn, VerdictBook } from "./verdictBook";
import { newestOf, voicesNow } from "./voices";

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
export function useVerdictBook(person: Uuid, project: Uuid) {
  const { outbox, book } = keptFor(person);
  const client = useQueryClient();
  const entries = useStore(book.store, (value) => value);
  const { heard, tell, listen } = useNews(person, project);

  useEffect(() => {
    const refresh = (): void => {
      if (outbox.store.get().waiting.length > 0) return; // once, after the last of a quick series
      void client.invalidateQueries({ queryKey: verdictKeys.all });
      void client.invalidateQueries({ queryKey: leftKey(null, null).slice(0, 2) });
      void client.invalidateQueries({ queryKey: projectKeys.all });
      void client.invalidateQueries({ queryKey: videoKeys.all, refetchType: "none" });
    };
    const stop = outbox.listen({
      saved: (_, verdict) => {
        tell([verdict]);
        refresh();
      },
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
  }, [outbox, client, tell]);

  const trouble = useStore(outbox.store, (value) => value.trouble);
  useEffect(() => {
    // asking who I am shows the sign-in page, which leads back here; what waits is sent then
    if (trouble === "signed out") void client.invalidateQueries({ queryKey: sessionKey });
  }, [trouble, client]);

  const opinion: Opinion = useCallback(
    (subject, server) => opinionIn(entries, subject, newestOf(server, heard.get(subject)?.get(person))),
    [entries, heard, person],
  );
  const hearing: Hearing = useCallback(
    (subject, listed) => voicesNow(listed, heard.get(subject), person),
    [heard, person],
  );
  const submit = useCallback(
    (request: VerdictRequest) => {
      book.said(request);
      outbox.add(request);
    },
    [book, outbox],
  );
  return { entries, opinion, hearing, submit, outbox, listen };
}
