import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api, type Page } from "../client";
import { isActive, pollWhile } from "../polling";
import type { Uuid, Video } from "../types";
import { projectKeys } from "./projects";

export const videoKeys = {
  all: ["videos"] as const,
  list: (project: Uuid) => ["videos", "list", project] as const,
  detail: (id: Uuid) => ["videos", "detail", id] as const,
  times: (id: Uuid) => ["videos", "times", id] as const,
};

/** Is its ingest, or the making of its motion curve, still under way? */
export function isVideoBusy(video: Video): boolean {
  return (video.state === "ingesting" && isActive(video.job)) || isActive(video.motion);
}

export function useVideos(project: Uuid) {
  return useQuery({
    queryKey: videoKeys.list(project),
    queryFn: ({ signal }) => api.all<Video>("/api/videos/", { params: { project }, signal }),
    refetchInterval: pollWhile<Video[]>((videos) => videos.some(isVideoBusy)),
  });
}

/** The first few ready videos, for the pictures of a project's card. */
export function useFirstVideos(project: Uuid, count: number) {
  return useQuery({
    queryKey: ["videos", "first", project, count] as const,
    queryFn: async ({ signal }) => {
      const params = { project, state: "ready", page_size: count };
      return (await api.get<Page<Video>>("/api/videos/", { params, signal })).results;
    },
    staleTime: 60_000,
  });
}

export function useVideo(id: Uuid | null | undefined) {
  return useQuery({
    queryKey: videoKeys.detail(id ?? ""),
    queryFn: ({ signal }) => api.get<Video>(`/api/videos/${id}/`, { signal }),
    enabled: Boolean(id),
    refetchInterval: pollWhile<Video>(isVideoBusy),
  });
}

/** Presentation time of every frame, in seconds. */
export function useVideoTimes(id: Uuid | null | undefined, enabled = true) {
  return useQuery({
    queryKey: videoKeys.times(id ?? ""),
    queryFn: async ({ signal }) => {
      const { data } = await api.bytes(`/api/videos/${id}/times/`, { signal });
      return new Float64Array(data);
    },
    enabled: enabled && Boolean(id),
    staleTime: Infinity,
  });
}

function useVideoMutation<Input>(run: (input: Input) => Promise<unknown>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: run,
    onSettled: async () => {
      await client.invalidateQueries({ queryKey: videoKeys.all });
      await client.invalidateQueries({ queryKey: projectKeys.all });
    },
  });
}

export function useRenameVideo() {
  return useVideoMutation(({ id, name }: { id: Uuid; name: string }) =>
    api.patch<Video>(`/api/videos/${id}/`, { name }),
  );
}

export function useRetryVideo() {
  return useVideoMutation((id: Uuid) => api.post<Video>(`/api/videos/${id}/retry/`));
}

/** Measures the motion of a ready video again, after that failed. */
export function useRetryMotion() {
  return useVideoMutation((id: Uuid) => api.post<Video>(`/api/videos/${id}/motion/`));
}

export function useDeleteVideo() {
  return useVideoMutation((id: Uuid) => api.delete(`/api/videos/${id}/`));
}

/** Stops the reading of a file; retry takes it up again. */
export function useCancelVideo() {
  return useVideoMutation((id: Uuid) => api.post<Video>(`/api/videos/${id}/cancel/`));
}
