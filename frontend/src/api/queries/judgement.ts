import { useQuery } from "@tanstack/react-query";

import { api } from "../client";
import type { Judgement, Run } from "../types";
import { isRunActive, runKeys } from "./runs";

/** A finished run against known events, in detail; undefined data never comes, null says that nothing is known. */
export function useJudgement(run: Run) {
  return useQuery({
    // under the run's own key: what changes the run, or the ground truth, asks again
    queryKey: [...runKeys.detail(run.id), "judgement", run.threshold] as const,
    queryFn: async ({ signal }) =>
      (await api.get<Judgement | undefined>(`/api/runs/${run.id}/judgement/`, { signal })) ?? null,
    enabled: !isRunActive(run) && run.metrics !== null,
  });
}
