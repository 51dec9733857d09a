import {
  keepPreviousData,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";

import { api, type Page } from "../client";
import type {
  Preview,
  PreviewRequest,
  Proposed,
  ProposeRequest,
  Segment,
  SegmentOrder,
  SegmentState,
  Uuid,
} from "../types";
import { projectKeys } from "./projects";
import { runKeys } from "./runs";

export type SegmentFilter = {
  run: Uuid;
  video?: Uuid;
  order?: SegmentOrder;
  state?: SegmentState;
  search?: string;
};

export const segmentKeys = {
  all: ["segments"] as const,
  list: (filter: SegmentFilter) => ["segments", "list", filter] as const,
  video: (run: Uuid, video: Uuid) => ["segments", "video", run, video] as const,
  preview: (request: PreviewRequest) => ["segments", "preview", request] as const,
};

const PAGE_SIZE = 100;

/** The strangest item that is still open, of one run or of the whole project; null when nothing is. */
export function useTopItem(project: Uuid, run: Uuid | null) {
  return useQuery({
    queryKey: [...segmentKeys.all, "top", project, run] as const,
    queryFn: async ({ signal }) => {
      const params = { project, run, state: "open", order: "score", page_size: 1 };
      return (await api.get<Page<Segment>>("/api/segments/", { params, signal })).results[0] ?? null;
    },
    // where one lands is decided by what is open now, not by what was a minute ago
    gcTime: 0,
    staleTime: 0,
  });
}

/** The queue, page by page, in the order asked for. */
export function useSegmentQueue(filter: SegmentFilter | null) {
  return useInfiniteQuery({
    queryKey: ["segments", "list", filter] as const,
    queryFn: ({ pageParam, signal }) =>
      api.get<Page<Segment>>("/api/segments/", {
        params: { ...filter, page: pageParam, page_size: PAGE_SIZE },
        signal,
      }),
    initialPageParam: 1,
    getNextPageParam: (last, pages) => (last.next ? pages.length + 1 : undefined),
    enabled: filter !== null,
  });
}

/** Every segment that a run proposes in one video, by time: what the lanes draw. */
export function useVideoSegments(run: Uuid | null | undefined, video: Uuid | null | undefined) {
  return useQuery({
    queryKey: segmentKeys.video(run ?? "", video ?? ""),
    queryFn: ({ signal }) =>
      api.all<Segment>("/api/segments/", { params: { run, video, order: "time", state: "all" }, signal }),
    enabled: Boolean(run) && Boolean(video),
  });
}

export function fetchPreview(request: PreviewRequest, signal?: AbortSignal): Promise<Preview> {
  return api.post<Preview>("/api/segments/preview/", request, { signal });
}

export function usePreview(request: PreviewRequest | null) {
  return useQuery({
    queryKey: ["segments", "preview", request] as const,
    queryFn: ({ signal }) => {
      if (!request) throw new Error("no preview asked for");
      return fetchPreview(request, signal);
    },
    enabled: request !== null,
    placeholderData: keepPreviousData,
    retry: false,
  });
}

export function usePropose() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (request: ProposeRequest) => api.post<Proposed>("/api/segments/propose/", request),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: segmentKeys.all });
      await client.invalidateQueries({ queryKey: runKeys.all });
      await client.invalidateQueries({ queryKey: projectKeys.all });
    },
  });
}
