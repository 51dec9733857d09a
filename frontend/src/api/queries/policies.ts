import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api } from "../client";
import { isActive, pollWhile } from "../polling";
import type { NewPolicyRequest, PolicyChange, SavedPolicy, Uuid } from "../types";
import { projectKeys } from "./projects";
import { runKeys } from "./runs";
import { segmentKeys } from "./segments";

export const policyKeys = {
  saved: (project: Uuid) => ["policies", "saved", project] as const,
  changes: (project: Uuid) => ["policies", "changes", project] as const,
};

/** Policies that people saved by name. */
export function useSavedPolicies(project: Uuid) {
  return useQuery({
    queryKey: policyKeys.saved(project),
    queryFn: ({ signal }) => api.all<SavedPolicy>("/api/policies/", { params: { project }, signal }),
  });
}

export function useSavePolicy(project: Uuid) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (request: NewPolicyRequest) => api.post<SavedPolicy>("/api/policies/", request),
    onSettled: () => client.invalidateQueries({ queryKey: policyKeys.saved(project) }),
  });
}

export function useDeletePolicy(project: Uuid) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (policy: Uuid) => api.delete(`/api/policies/${policy}/`),
    onSettled: () => client.invalidateQueries({ queryKey: policyKeys.saved(project) }),
  });
}

/** What is on its way through several runs, the newest first. */
export function usePolicyChanges(project: Uuid) {
  return useQuery({
    queryKey: policyKeys.changes(project),
    queryFn: ({ signal }) => api.all<PolicyChange>("/api/policy-changes/", { params: { project }, signal }),
    refetchInterval: pollWhile<PolicyChange[]>((changes) => changes.some((one) => isActive(one.job))),
  });
}

export function useApplyPolicy(project: Uuid) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ policy, ...asked }: { policy: Uuid; runs: Uuid[]; later: boolean }) =>
      api.post<PolicyChange>(`/api/policies/${policy}/apply/`, asked),
    onSettled: () => client.invalidateQueries({ queryKey: policyKeys.changes(project) }),
  });
}

export function useCancelPolicyChange(project: Uuid) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (change: Uuid) => api.post<PolicyChange>(`/api/policy-changes/${change}/cancel/`),
    onSettled: () => client.invalidateQueries({ queryKey: policyKeys.changes(project) }),
  });
}

/** Runs, their proposals and what is left of them are other ones now. */
export function useForgetProposals(): () => void {
  const client = useQueryClient();
  return () => {
    for (const queryKey of [segmentKeys.all, runKeys.all, projectKeys.all])
      void client.invalidateQueries({ queryKey });
  };
}
