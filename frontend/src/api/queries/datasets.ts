import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api } from "../client";
import { isActive, pollWhile } from "../polling";
import type { Dataset, DatasetRequest, Uuid } from "../types";

export const datasetKeys = {
  all: ["datasets"] as const,
  list: (project: Uuid) => ["datasets", "list", project] as const,
};

export function useDatasets(project: Uuid) {
  return useQuery({
    queryKey: datasetKeys.list(project),
    queryFn: ({ signal }) => api.all<Dataset>("/api/exports/", { params: { project }, signal }),
    refetchInterval: pollWhile<Dataset[]>((datasets) => datasets.some(({ job }) => isActive(job))),
  });
}

function useDatasetMutation<Input>(run: (input: Input) => Promise<unknown>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: run,
    onSettled: () => client.invalidateQueries({ queryKey: datasetKeys.all }),
  });
}

export function useCreateDataset() {
  return useDatasetMutation((request: DatasetRequest) => api.post<Dataset>("/api/exports/", request));
}

export function useCancelDataset() {
  return useDatasetMutation((id: Uuid) => api.post<Dataset>(`/api/exports/${id}/cancel/`));
}

export function useRetryDataset() {
  return useDatasetMutation((id: Uuid) => api.post<Dataset>(`/api/exports/${id}/retry/`));
}

export function useDeleteDataset() {
  return useDatasetMutation((id: Uuid) => api.delete(`/api/exports/${id}/`));
}
