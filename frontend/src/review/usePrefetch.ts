import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";

import { api } from "../api/client";
import { segmentKeys } from "../api/queries/segments";
import { trackKeys } from "../api/queries/tracks";
import { videoKeys } from "../api/queries/videos";
import type { Segment, Track, Video } from "../api/types";
import { spanOf } from "./items";
import { nextOpen } from "./queue";
import { useReviewSession } from "./session";
import { frameUrl } from "./sheets";

/** Have what the next item needs before it is asked for: its still, and its video where that is another one. */
export function usePrefetch(): void {
  const { queue, selected, video, run, tools } = useReviewSession();
  const client = useQueryClient();
  const next = nextOpen(queue.items, selected?.subject ?? null);
  const runId = run?.id ?? null;

  useEffect(() => {
    if (!next) return;
    const frame = tools.settings.get().opens === "peak" ? next.peak : spanOf(next).start;
    let image: HTMLImageElement | null = null;
    const still = (of: Video): void => {
      if (!of.sees_footage) return;
      image = new Image();
      image.src = frameUrl(of, frame);
    };
    // after what the present item needs itself
    const timer = setTimeout(() => {
      if (next.video === video.id) return still(video);
      const get = <T>(key: readonly unknown[], path: string): Promise<T> =>
        client.fetchQuery({
          queryKey: key,
          queryFn: ({ signal }) => api.get<T>(path, { signal }),
          staleTime: 30_000,
        });
      get<Video>(videoKeys.detail(next.video), `/api/videos/${next.video}/`).then(still, () => undefined);
      get<Track[]>(trackKeys.list(next.video, undefined), `/api/tracks/?video=${next.video}`).catch(
        () => undefined,
      );
      if (!runId) return;
      client
        .prefetchQuery({
          queryKey: segmentKeys.video(runId, next.video),
          queryFn: ({ signal }) =>
            api.all<Segment>("/api/segments/", {
              params: { run: runId, video: next.video, order: "time", state: "all" },
              signal,
            }),
          staleTime: 30_000,
        })
        .catch(() => undefined);
    }, 150);
    return () => {
      clearTimeout(timer);
      if (image) image.src = "";
    };
  }, [next, video, runId, client, tools]);
}
