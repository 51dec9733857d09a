import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api } from "../client";
import type { Me, Preferences, Session } from "../types";

export const sessionKey = ["session"] as const;

export function useSession() {
  return useQuery({
    queryKey: sessionKey,
    queryFn: ({ signal }) => api.get<Session>("/api/session/", { signal }),
    staleTime: 60_000,
  });
}

/** The signed-in person. Only for pages inside the signed-in part of the app. */
export function useMe(): Me {
  const session = useSession();
  if (!session.data?.user) throw new Error("useMe outside of the signed-in pages");
  return session.data.user;
}

function useSessionMutation<Input>(run: (input: Input) => Promise<{ user: Me }>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: run,
    onSuccess: async ({ user }) => {
      client.removeQueries({ predicate: (query) => query.queryKey[0] !== sessionKey[0] });
      client.setQueryData<Session>(sessionKey, (old) =>
        old ? { ...old, user } : { user, sign_up: false, version: "", demo_project: null },
      );
      // what the session says besides the user (the demo project) depends on who asks
      await client.invalidateQueries({ queryKey: sessionKey });
    },
  });
}

export function useSignIn() {
  return useSessionMutation((input: { username: string; password: string }) =>
    api.post<{ user: Me }>("/api/session/", input),
  );
}

export function useSignInByLink() {
  return useSessionMutation((secret: string) => api.post<{ user: Me }>("/api/session/link/", { secret }));
}

export function useSignOut() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => api.delete("/api/session/"),
    onSuccess: () => {
      client.setQueryData<Session>(sessionKey, (old) => (old ? { ...old, user: null } : old));
      client.removeQueries({ predicate: (query) => query.queryKey[0] !== sessionKey[0] });
    },
  });
}

export type MeChange = { display_name?: string; email?: string; preferences?: Preferences };

export function useChangeMe() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (change: MeChange) => api.patch<Me>("/api/me/", change),
    onSuccess: (user) =>
      client.setQueryData<Session>(sessionKey, (old) =>
        old ? { ...old, user: { ...old.user, ...user } } : old,
      ),
  });
}

export function useChangePassword() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (input: { old_password?: string; new_password: string }) =>
      api.post<undefined>("/api/me/password/", input),
    onSuccess: () => client.invalidateQueries({ queryKey: sessionKey }),
  });
}
