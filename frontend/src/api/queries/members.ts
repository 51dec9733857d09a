import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api } from "../client";
import type { Member, NewMember, Role, Uuid } from "../types";

export const memberKeys = { list: (project: Uuid) => ["members", project] as const };

const path = (project: Uuid) => `/api/projects/${project}/members/`;

export function useMembers(project: Uuid) {
  return useQuery({
    queryKey: memberKeys.list(project),
    queryFn: ({ signal }) => api.all<Member>(path(project), { signal }),
  });
}

/** An unknown username becomes an account: the answer then holds `sign_in_link`, this once. */
export function useAddMember(project: Uuid) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (input: { username: string; role: Role; pose_only: boolean }) =>
      api.post<NewMember>(path(project), input),
    onSuccess: () => client.invalidateQueries({ queryKey: memberKeys.list(project) }),
  });
}

export function useChangeMember(project: Uuid) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ user, ...changed }: { user: Uuid; role?: Role; pose_only?: boolean }) =>
      api.patch<Member>(`${path(project)}${user}/`, changed),
    onSettled: () => client.invalidateQueries({ queryKey: memberKeys.list(project) }),
  });
}

export function useRemoveMember(project: Uuid) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (user: Uuid) => api.delete(`${path(project)}${user}/`),
    onSettled: () => client.invalidateQueries({ queryKey: memberKeys.list(project) }),
  });
}
