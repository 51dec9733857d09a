import { keepPreviousData, useQuery } from "@tanstack/react-query";

import { api } from "../client";
import type { Bands, LabelHistory, Uuid } from "../types";
import { verdictKeys } from "./verdicts";

export type BandsRequest = { start: number; stop: number; width: number };

/** The labels of each round along a part of a video, summed up in buckets. */
export function useBands(run: Uuid | null, video: Uuid, request: BandsRequest) {
  return useQuery({
    queryKey: ["refinement", "bands", run, video, request] as const,
    queryFn: ({ signal }) =>
      api.get<Bands>(`/api/runs/${run}/refinement/${video}/`, { params: request, signal }),
    enabled: run !== null,
    placeholderData: keepPreviousData,
    staleTime: Infinity,
  });
}

/** How the window at a frame came by its label. Asked again after every decision: it also says what people say. */
export function useLabelHistory(run: Uuid, video: Uuid, frame: number) {
  return useQuery({
    queryKey: [...verdictKeys.all, "labels", run, video, frame] as const,
    queryFn: ({ signal }) =>
      api.get<LabelHistory>(`/api/runs/${run}/refinement/${video}/window/`, { params: { frame }, signal }),
    placeholderData: keepPreviousData,
  });
}
