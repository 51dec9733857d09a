import { useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo } from "react";

import { fetchPreview, segmentKeys } from "../api/queries/segments";
import type { Policy, Preview, PreviewRequest } from "../api/types";
import { LatestOnly } from "./latest";
import { useReviewSession } from "./session";
import type { Tuning } from "./tools";

/** What the run's present threshold means: the numbers before anything is dragged. */
export function useStanding(): Preview | undefined {
  const { run, video } = useReviewSession();
  const request: PreviewRequest | null =
    run?.stage === "done" && run.threshold !== null
      ? { run: run.id, policy: run.policy, threshold: run.threshold, video: video.id }
      : null;
  const { data } = useQuery({
    queryKey: request ? segmentKeys.preview(request) : ["segments", "preview", null],
    queryFn: ({ signal }) => {
      if (!request) throw new Error("no run to ask about");
      return fetchPreview(request, signal);
    },
    enabled: request !== null,
    retry: false,
  });
  return data;
}

/** Try another threshold or policy: the server counts, as fast as it can, and nothing is changed. */
export function useTrial() {
  const { tools, run, video } = useReviewSession();
  const { trial } = tools;
  const runId = run?.id ?? null;
  const policy = run?.policy;
  const videoId = video.id;

  const latest = useMemo(
    () =>
      new LatestOnly<Tuning, Preview>(
        (tuning) => fetchPreview({ run: runId ?? "", ...tuning, video: videoId }),
        (preview) => trial.set((old) => (old ? { ...old, preview, error: null } : old)),
        (error) => trial.set((old) => (old ? { ...old, error } : old)),
      ),
    [runId, videoId, trial],
  );

  // a trial is about one run; its intervals about one video
  useEffect(() => {
    const standing = trial.get();
    if (standing) latest.want(standing.tuning);
    return () => latest.cancel();
  }, [latest, trial]);
  useEffect(() => () => trial.set(null), [runId, trial]);

  const tune = useCallback(
    (tuning: Tuning): void => {
      if (!runId) return;
      trial.set((old) => ({ tuning, preview: old?.preview ?? null, error: null }));
      latest.want(tuning);
    },
    [latest, runId, trial],
  );
  const tryThreshold = useCallback(
    (threshold: number) => tune({ policy: trial.get()?.tuning.policy ?? policy ?? {}, threshold }),
    [tune, trial, policy],
  );
  const tryPolicy = useCallback(
    (changed: Partial<Policy>, threshold: number | null) => tune({ policy: changed, threshold }),
    [tune],
  );
  const drop = useCallback(() => {
    latest.cancel();
    trial.set(null);
  }, [latest, trial]);
  return useMemo(() => ({ tryThreshold, tryPolicy, drop }), [tryThreshold, tryPolicy, drop]);
}

export type Tuner = ReturnType<typeof useTrial>;
