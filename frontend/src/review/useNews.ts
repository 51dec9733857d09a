import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect } from "react";

import { api, type Page } from "../api/client";
import { verdictKeys } from "../api/queries/verdicts";
import type { Uuid, Verdict } from "../api/types";
import { createStore, type Store, useStore } from "../lib/store";
import { leftKey } from "./useQueue";
import { hear, type Heard, SILENCE } from "./voices";

const EVERY_MS = 4000;
/** Verdicts are stamped before they are committed: one may appear a moment after a newer one. */
const OVERLAP_MS = 5000;

/** `newest`: the moment of the newest verdict known of; it stays while the desk is left, to go on from there. */
type News = { store: Store<Heard>; newest: string | null };

const kept = new Map<string, News>();

function newsOf(person: Uuid, project: Uuid): News {
  const name = `${person}/${project}`;
  const known = kept.get(name) ?? { store: createStore<Heard>(SILENCE), newest: null };
  kept.set(name, known);
  return known;
}

/**
 * What is decided elsewhere while the desk is open: in my other tabs at once, by others within seconds. Shown over
 * the lists that were fetched before, so nothing is fetched again and nothing jumps.
 */
export function useNews(person: Uuid, project: Uuid) {
  const client = useQueryClient();
  const news = newsOf(person, project);
  const { store } = news;
  const heard = useStore(store, (value) => value);

  const listen = useCallback(
    (verdicts: readonly Verdict[]): void => {
      const before = store.get();
      store.set((old) => hear(old, verdicts));
      if (store.get() === before) return;
      void client.invalidateQueries({ queryKey: [...verdictKeys.all, "list"] });
      void client.invalidateQueries({ queryKey: leftKey(null, null).slice(0, 2) });
    },
    [store, client],
  );

  const name = `vadreview.verdicts.${person}`;
  useEffect(() => {
    const channel = openChannel(name);
    const onMessage = ({ data }: MessageEvent<Verdict[]>): void =>
      listen(data.filter((verdict) => verdict.project === project));
    channel?.addEventListener("message", onMessage);
    return () => channel?.close();
  }, [name, listen, project]);
  const tell = useCallback(
    (verdicts: Verdict[]): void => {
      const channel = openChannel(name);
      channel?.postMessage(verdicts);
      channel?.close();
    },
    [name],
  );

  useQuery({
    queryKey: ["news", project] as const,
    queryFn: async ({ signal }) => {
      const since = news.newest;
      const params = { project, ...(since ? { since: earlier(since) } : { page_size: 1 }) };
      const fetched = since
        ? await api.all<Verdict>("/api/verdicts/", { params, signal })
        : (await api.get<Page<Verdict>>("/api/verdicts/", { params, signal })).results;
      news.newest = fetched[0]?.created_at ?? since ?? new Date(0).toISOString();
      if (since) listen(fetched);
      return fetched.length;
    },
    refetchInterval: EVERY_MS,
    staleTime: 0,
    gcTime: 0,
    retry: false,
  });

  return { heard, tell, listen };
}

function openChannel(name: string): BroadcastChannel | null {
  return typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel(name);
}

function earlier(moment: string): string {
  return new Date(Date.parse(moment) - OVERLAP_MS).toISOString();
}
