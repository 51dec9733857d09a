import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api } from "../client";
import type { BulkGiven, BulkRequest, Uuid, Verdict, VerdictRequest, VerdictSummary } from "../types";

export type VerdictFilter = { project: Uuid; video?: Uuid; reviewer?: "me" | "all"; current?: boolean };

export const verdictKeys = {
  all: ["verdicts"] as const,
  list: (filter: VerdictFilter) => ["verdicts", "list", filter] as const,
  summary: (project: Uuid) => ["verdicts", "summary", project] as const,
};

export function useVerdicts(filter: VerdictFilter | null) {
  return useQuery({
    queryKey: ["verdicts", "list", filter] as const,
    queryFn: ({ signal }) => api.all<Verdict>("/api/verdicts/", { params: { ...filter }, signal }),
    enabled: filter !== null,
  });
}

export function useVerdictSummary(project: Uuid) {
  return useQuery({
    queryKey: verdictKeys.summary(project),
    queryFn: ({ signal }) =>
      api.get<VerdictSummary>("/api/verdicts/summary/", { params: { project }, signal }),
  });
}

/** Sending the same `client_key` again has one effect, so a failed request may simply be repeated. */
export function sendVerdict(request: VerdictRequest): Promise<Verdict> {
  return api.post<Verdict>("/api/verdicts/", request);
}

/** The same about many proposals, each on its own span; all or none of them. */
export function sendVerdicts(request: BulkRequest): Promise<BulkGiven> {
  return api.post<BulkGiven>("/api/verdicts/bulk/", request);
}

/** The desk brings its own optimistic `onMutate`; this is the plain one. */
export function useSendVerdict() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: sendVerdict,
    onSettled: () => client.invalidateQueries({ queryKey: verdictKeys.all }),
  });
}
