import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api } from "../client";
import { isActive, pollWhile } from "../polling";
import type { MapRequest, PatternMap, Patterns, Selected, SpanRequest, Uuid, WindowPatterns } from "../types";
import { verdictKeys } from "./verdicts";

export const patternKeys = {
  /** `state`: what the run has scored so far; another state is another map */
  map: (run: Uuid, map: Uuid | null, state: string) => ["patterns", "map", run, map, state] as const,
  maps: (run: Uuid) => ["patterns", "maps", run] as const,
  window: (run: Uuid, video: Uuid, frame: number) => ["patterns", "window", run, video, frame] as const,
};

/** The windows of a run by PCA, or as a finished t-SNE map has them. */
export function usePatterns(run: Uuid, map: Uuid | null, state: string) {
  return useQuery({
    queryKey: patternKeys.map(run, map, state),
    queryFn: ({ signal }) => api.get<Patterns>(`/api/runs/${run}/patterns/`, { params: { map }, signal }),
    staleTime: Infinity,
    placeholderData: (old, query) => (query?.queryKey[2] === run ? old : undefined),
    retry: false,
  });
}

/** A digit a window: what people think of it. Asked again after every decision, as the lists of verdicts are. */
export function usePatternStates(run: Uuid, enabled: boolean) {
  return useQuery({
    queryKey: [...verdictKeys.all, "patterns", run] as const,
    queryFn: ({ signal }) => api.get<{ states: string }>(`/api/runs/${run}/patterns/states/`, { signal }),
    enabled,
    placeholderData: keepPreviousData,
  });
}

export function usePatternMaps(run: Uuid) {
  return useQuery({
    queryKey: patternKeys.maps(run),
    queryFn: ({ signal }) => api.get<PatternMap[]>(`/api/runs/${run}/patterns/maps/`, { signal }),
    refetchInterval: pollWhile<PatternMap[]>((maps) => maps.some((map) => isActive(map.job))),
  });
}

export function useAskMap(run: Uuid) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (request: MapRequest) => api.post<PatternMap>(`/api/runs/${run}/patterns/maps/`, request),
    onSettled: () => client.invalidateQueries({ queryKey: patternKeys.maps(run) }),
  });
}

export function useCancelMap(run: Uuid) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (map: Uuid) => api.post<PatternMap>(`/api/runs/${run}/patterns/maps/${map}/cancel/`),
    onSettled: () => client.invalidateQueries({ queryKey: patternKeys.maps(run) }),
  });
}

export function useWindowPatterns(run: Uuid, video: Uuid, frame: number) {
  return useQuery({
    queryKey: patternKeys.window(run, video, frame),
    queryFn: ({ signal }) =>
      api.get<WindowPatterns>(`/api/runs/${run}/patterns/${video}/window/`, { params: { frame }, signal }),
    placeholderData: keepPreviousData,
    staleTime: Infinity,
  });
}

/** The proposals that meet these spans. */
export function selectSpans(run: Uuid, spans: readonly SpanRequest[]): Promise<Selected> {
  return api.post<Selected>(`/api/runs/${run}/patterns/select/`, { spans });
}
