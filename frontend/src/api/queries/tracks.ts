import { keepPreviousData, useQuery } from "@tanstack/react-query";

import { api } from "../client";
import type { Track, TrackValue, TrackWindow, Uuid } from "../types";

export type WindowRequest = { start: number; stop: number; width: number };

export const trackKeys = {
  list: (video: Uuid, run: Uuid | null | undefined) => ["tracks", "list", video, run ?? null] as const,
  window: (track: Uuid, request: WindowRequest) => ["tracks", "window", track, request] as const,
  at: (video: Uuid, frame: number) => ["tracks", "at", video, frame] as const,
};

/** Tracks of a video: of one run, of no run (`null`: its own reference curves), or all (`undefined`). */
export function useTracks(video: Uuid | null | undefined, run?: Uuid | null) {
  return useQuery({
    queryKey: trackKeys.list(video ?? "", run),
    queryFn: ({ signal }) =>
      api.get<Track[]>("/api/tracks/", {
        params: { video, run: run === null ? "null" : run },
        signal,
      }),
    enabled: Boolean(video),
  });
}

export function fetchTrackWindow(
  track: Uuid,
  request: WindowRequest,
  signal?: AbortSignal,
): Promise<TrackWindow> {
  return api.get<TrackWindow>(`/api/tracks/${track}/window/`, { params: request, signal });
}

export function useTrackWindow(track: Uuid | null | undefined, request: WindowRequest) {
  return useQuery({
    queryKey: trackKeys.window(track ?? "", request),
    queryFn: ({ signal }) => fetchTrackWindow(track ?? "", request, signal),
    enabled: Boolean(track) && request.stop > request.start && request.width > 0,
    placeholderData: keepPreviousData,
    staleTime: Infinity,
  });
}

/** The value of every track at one frame, for hovering. */
export function fetchTrackValues(video: Uuid, frame: number, signal?: AbortSignal): Promise<TrackValue[]> {
  return api.get<TrackValue[]>("/api/tracks/at/", { params: { video, frame }, signal });
}
