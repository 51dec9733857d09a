import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useDeferredValue, useMemo, useState } from "react";

import { api, ApiError, type Page } from "../api/client";
import type { Segment, Uuid } from "../api/types";
import { type Store, useStore } from "../lib/store";
import type { Hearing, Opinion } from "./items";
import { nextPage, QUEUE_PAGE, queueItems } from "./queue";
import type { Narrow, Queue } from "./session";
import type { Selection } from "./selection";
import type { SettingsStore } from "./settings";

export const leftKey = (run: Uuid | null, video: Uuid | null) => ["segments", "left", run, video] as const;

/** How many open items there are; the desk itself counts on between two answers. */
function useLeft(run: Uuid | null, video: Uuid | null): number | null {
  const { data } = useQuery({
    queryKey: leftKey(run, video),
    queryFn: async ({ signal }) => {
      const params = { run, video, state: "open", page_size: 1 };
      return (await api.get<Page<Segment>>("/api/segments/", { params, signal })).count;
    },
    enabled: run !== null,
  });
  return data ?? null;
}

type Options = {
  run: Uuid | null;
  video: Uuid;
  settings: SettingsStore;
  /** what a lasso holds: these items alone */
  selection: Store<Selection | null>;
  opinion: Opinion;
  hearing: Hearing;
  selected: Uuid | null;
};

/** The list of what to look at, and how much is left of it. */
export function useQueue({ run, video, settings, selection, opinion, hearing, selected }: Options): Queue {
  const { order, state, scope } = useStore(settings, (value) => value);
  const [search, setSearch] = useState("");
  const [narrow, setNarrow] = useState<Narrow>({ label: null, reviewer: null });
  const wanted = useDeferredValue(scope === "run" ? search.trim() : "");
  const filter = {
    run,
    video: scope === "video" ? video : undefined,
    order,
    state,
    search: wanted,
    ...narrow,
  };
  const query = useInfiniteQuery({
    queryKey: ["segments", "list", filter] as const,
    queryFn: ({ pageParam, signal }) =>
      fetchPage({ ...filter, page: pageParam, page_size: QUEUE_PAGE }, signal),
    initialPageParam: 1,
    getNextPageParam: (last: Page<Segment>, pages) =>
      last.next ? nextPage(segmentsOf(pages), { state, opinion }) : undefined,
    enabled: run !== null,
    placeholderData: keepPreviousData,
    // decisions are shown over the list at once; asking again would only make it jump
    staleTime: 60_000,
    refetchOnWindowFocus: false,
  });
  const { data, hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  const listed = useMemo(
    () => queueItems(segmentsOf(data?.pages ?? []), { state, opinion, hearing, selected }),
    [data?.pages, state, opinion, hearing, selected],
  );
  const held = useStore(selection, (value) => value);
  const chosen = useMemo(
    () =>
      held && held.run === run
        ? queueItems([held.segments], { state: "all", opinion, hearing, selected })
        : null,
    [held, run, opinion, hearing, selected],
  );
  const items = chosen ?? listed;
  return {
    items,
    left: useLeft(run, null),
    leftHere: useLeft(run, video),
    loading: query.isPending && run !== null,
    error: query.isError && !data ? query.error : null,
    retry: () => void query.refetch(),
    more:
      chosen === null && hasNextPage && !isFetchingNextPage && !query.isFetchNextPageError
        ? () => void fetchNextPage()
        : null,
    narrow,
    setNarrow,
    search,
    setSearch,
  };
}

function segmentsOf(pages: readonly Page<Segment>[]): Segment[][] {
  return pages.map((page) => page.results);
}

async function fetchPage(params: Record<string, string | number | null | undefined>, signal: AbortSignal) {
  try {
    return await api.get<Page<Segment>>("/api/segments/", { params, signal });
  } catch (error) {
    // the list became shorter than the page asked for: everything was decided elsewhere meanwhile
    if (error instanceof ApiError && error.status === 404 && params.page !== 1) {
      return { count: 0, next: null, previous: null, results: [] } satisfies Page<Segment>;
    }
    throw error;
  }
}
