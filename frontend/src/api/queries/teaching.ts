import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api } from "../client";
import type { Lineage, Taught, TeachRequest, Uuid } from "../types";
import { datasetKeys } from "./datasets";
import { projectKeys } from "./projects";

export function useTeach() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (request: TeachRequest) => api.post<Taught>("/api/exports/teach/", request),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: datasetKeys.all });
      await client.invalidateQueries({ queryKey: ["runs", "list"] });
      await client.invalidateQueries({ queryKey: projectKeys.all });
    },
  });
}

/** What a dataset teaches, who said it, and which runs learned from it. */
export function useLineage(dataset: Uuid | null) {
  return useQuery({
    queryKey: ["datasets", "lineage", dataset] as const,
    queryFn: ({ signal }) => api.get<Lineage>(`/api/exports/${dataset ?? ""}/lineage/`, { signal }),
    enabled: dataset !== null,
  });
}
