import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";

import { ApiError } from "./client";
import { sessionKey } from "./queries/session";

/** Signed out by time or from another tab: the answer is 401, or 403 with this code. */
function isSignedOut(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 401 || error.code === "not_authenticated");
}

export function createQueryClient(): QueryClient {
  const forget = (error: unknown): void => {
    // asking who I am again shows the sign-in page, which leads back here
    if (isSignedOut(error)) void client.invalidateQueries({ queryKey: sessionKey });
  };
  const client = new QueryClient({
    queryCache: new QueryCache({ onError: forget }),
    mutationCache: new MutationCache({ onError: forget }),
    defaultOptions: {
      queries: {
        staleTime: 2_000,
        // a refusal stays a refusal; only silence and a busy server are worth asking again
        retry: (count, error) =>
          count < 2 && (!(error instanceof ApiError) || error.status === 0 || error.status >= 500),
      },
      // the server must say no, not the browser's guess about the network
      mutations: { networkMode: "always" },
    },
  });
  return client;
}
