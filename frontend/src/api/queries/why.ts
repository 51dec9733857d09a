import { keepPreviousData, useQuery } from "@tanstack/react-query";

import { api } from "../client";
import type { Uuid, Why } from "../types";
import { verdictKeys } from "./verdicts";

/** Why a frame has its score. Asked again after every decision: what people accepted is among what is compared. */
export function useWhy(run: Uuid, video: Uuid, frame: number) {
  return useQuery({
    queryKey: [...verdictKeys.all, "why", run, video, frame] as const,
    queryFn: ({ signal }) => api.get<Why>(`/api/runs/${run}/why/${video}/`, { params: { frame }, signal }),
    placeholderData: keepPreviousData,
    retry: false,
  });
}
