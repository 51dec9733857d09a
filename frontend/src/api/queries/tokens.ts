import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api } from "../client";
import type { NewToken, Token, Uuid } from "../types";

const tokensKey = ["tokens"] as const;

export function useTokens() {
  return useQuery({
    queryKey: tokensKey,
    queryFn: ({ signal }) => api.all<Token>("/api/tokens/", { signal }),
  });
}

/** The answer holds `secret`, this once. */
export function useCreateToken() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (name: string) => api.post<NewToken>("/api/tokens/", { name }),
    onSuccess: () => client.invalidateQueries({ queryKey: tokensKey }),
  });
}

export function useDeleteToken() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: Uuid) => api.delete(`/api/tokens/${id}/`),
    onSuccess: () => client.invalidateQueries({ queryKey: tokensKey }),
  });
}
