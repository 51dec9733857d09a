import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api } from "../client";
import { pollWhile } from "../polling";
import type { Estimate, EstimateRequest, Run, RunAudit, RunEffort, RunRequest, Uuid } from "../types";
import { projectKeys } from "./projects";

export type RunFilter = { project: Uuid; stage?: string; video?: Uuid };

export const runKeys = {
  all: ["runs"] as const,
  list: (filter: RunFilter) => ["runs", "list", filter] as const,
  detail: (id: Uuid) => ["runs", "detail", id] as const,
  estimate: (request: EstimateRequest) => ["runs", "estimate", request] as const,
};

export function isRunActive(run: Run): boolean {
  return run.stage === "queued" || run.stage === "training" || run.stage === "scoring";
}

export function useRuns(filter: RunFilter) {
  return useQuery({
    queryKey: runKeys.list(filter),
    queryFn: ({ signal }) => api.all<Run>("/api/runs/", { params: filter, signal }),
    refetchInterval: pollWhile<Run[]>((runs) => runs.some(isRunActive)),
  });
}

export function useRun(id: Uuid | null | undefined) {
  return useQuery({
    queryKey: runKeys.detail(id ?? ""),
    queryFn: ({ signal }) => api.get<Run>(`/api/runs/${id}/`, { signal }),
    enabled: Boolean(id),
    refetchInterval: pollWhile<Run>(isRunActive),
  });
}

export function useEstimate(request: EstimateRequest | null) {
  return useQuery({
    queryKey: ["runs", "estimate", request] as const,
    queryFn: ({ signal }) => api.post<Estimate>("/api/runs/estimate/", request, { signal }),
    enabled: request !== null,
    placeholderData: keepPreviousData,
    retry: false,
  });
}

/** What the audit share says of a run. */
export function useRunAudit(id: Uuid) {
  return useQuery({
    queryKey: ["runs", "audit", id] as const,
    queryFn: ({ signal }) => api.get<RunAudit>(`/api/runs/${id}/audit/`, { signal }),
  });
}

/** How fast each order of the queue finds what is known. */
export function useRunEffort(id: Uuid) {
  return useQuery({
    queryKey: ["runs", "effort", id] as const,
    queryFn: ({ signal }) => api.get<RunEffort>(`/api/runs/${id}/effort/`, { signal }),
    retry: false,
  });
}

export function useCreateRun() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (request: RunRequest) => api.post<Run>("/api/runs/", request),
    onSuccess: async (run) => {
      client.setQueryData(runKeys.detail(run.id), run);
      await client.invalidateQueries({ queryKey: ["runs", "list"] });
      await client.invalidateQueries({ queryKey: projectKeys.all });
    },
  });
}

function useRunMutation<Input>(run: (input: Input) => Promise<unknown>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: run,
    onSettled: async () => {
      await client.invalidateQueries({ queryKey: runKeys.all });
      await client.invalidateQueries({ queryKey: projectKeys.all });
    },
  });
}

export function useCancelRun() {
  return useRunMutation((id: Uuid) => api.post<Run>(`/api/runs/${id}/cancel/`));
}

export function useRetryRun() {
  return useRunMutation((id: Uuid) => api.post<Run>(`/api/runs/${id}/retry/`));
}

export function useRenameRun() {
  return useRunMutation(({ id, name }: { id: Uuid; name: string }) =>
    api.patch<Run>(`/api/runs/${id}/`, { name }),
  );
}

export function useDeleteRun() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: Uuid) => api.delete(`/api/runs/${id}/`),
    onSuccess: async (_, id) => {
      client.removeQueries({ queryKey: runKeys.detail(id) });
      await client.invalidateQueries({ queryKey: ["runs", "list"] });
      await client.invalidateQueries({ queryKey: projectKeys.all });
    },
  });
}
