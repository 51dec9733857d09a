import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api } from "../client";
import { pollWhile } from "../polling";
import type { Label, Policy, Project, Uuid } from "../types";

export const projectKeys = {
  all: ["projects"] as const,
  list: () => ["projects", "list"] as const,
  detail: (id: Uuid) => ["projects", "detail", id] as const,
};

function isBusy(project: Project): boolean {
  return project.counts.ingesting > 0 || project.counts.running > 0;
}

const SLOW_POLL_MS = 4000;

export function useProjects() {
  return useQuery({
    queryKey: projectKeys.list(),
    queryFn: ({ signal }) => api.all<Project>("/api/projects/", { signal }),
    refetchInterval: pollWhile<Project[]>((projects) => projects.some(isBusy), SLOW_POLL_MS),
  });
}

export function useProject(id: Uuid) {
  return useQuery({
    queryKey: projectKeys.detail(id),
    queryFn: ({ signal }) => api.get<Project>(`/api/projects/${id}/`, { signal }),
    refetchInterval: pollWhile<Project>(isBusy, SLOW_POLL_MS),
  });
}

export function useCreateProject() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (input: { name: string; description: string }) => api.post<Project>("/api/projects/", input),
    onSuccess: (project) => {
      client.setQueryData(projectKeys.detail(project.id), project);
      return client.invalidateQueries({ queryKey: projectKeys.list() });
    },
  });
}

export type ProjectChange = {
  name?: string;
  description?: string;
  labels?: Label[];
  policy?: Partial<Policy>;
  detector_policies?: Record<string, Partial<Policy>>;
  audit_share?: number;
};

export function useChangeProject(id: Uuid) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (change: ProjectChange) => api.patch<Project>(`/api/projects/${id}/`, change),
    onSuccess: (project) => {
      client.setQueryData(projectKeys.detail(id), project);
      return client.invalidateQueries({ queryKey: projectKeys.list() });
    },
  });
}

/** `confirm` is the project's name as typed: it also allows removing a project that has datasets. */
export function useDeleteProject(id: Uuid) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (confirm: string) => api.delete(`/api/projects/${id}/`, { params: { confirm } }),
    onSuccess: () => {
      client.removeQueries({ queryKey: projectKeys.detail(id) });
      return client.invalidateQueries({ queryKey: projectKeys.list() });
    },
  });
}
