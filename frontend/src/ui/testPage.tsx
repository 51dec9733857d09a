import { MantineProvider } from "@mantine/core";
import { ModalsProvider } from "@mantine/modals";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render } from "@testing-library/react";
import { type ReactNode, StrictMode } from "react";
import { createMemoryRouter, RouterProvider } from "react-router";
import { vi } from "vitest";

type Reply = { status?: number; body?: unknown };
export type Call = { method: string; path: string; body: unknown };

/** Render something as the app would, at an address; other addresses show their own path. For tests. */
export function renderPage(
  element: ReactNode,
  { path = "/", at = path }: { path?: string; at?: string } = {},
) {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const router = createMemoryRouter(
    [
      { path, element },
      { path: "*", element: <p>another page</p> },
    ],
    {
      initialEntries: [at],
    },
  );
  render(
    <StrictMode>
      <MantineProvider env="test">
        <QueryClientProvider client={client}>
          <ModalsProvider>
            <RouterProvider router={router} />
          </ModalsProvider>
        </QueryClientProvider>
      </MantineProvider>
    </StrictMode>,
  );
  return { router, client };
}

/** Answer requests by "METHOD /path"; the calls made are returned as they come. Anything else fails the test. */
export function serve(replies: Record<string, Reply | ((call: Call) => Reply)>): Call[] {
  const calls: Call[] = [];
  vi.stubGlobal("fetch", async (input: string, init: RequestInit = {}) => {
    const call: Call = {
      method: init.method ?? "GET",
      path: input,
      body: typeof init.body === "string" ? (JSON.parse(init.body) as unknown) : undefined,
    };
    calls.push(call);
    const found = replies[`${call.method} ${call.path}`];
    if (!found) throw new Error(`the test serves no ${call.method} ${call.path}`);
    const { status = 200, body } = typeof found === "function" ? found(call) : found;
    return new Response(body === undefined ? null : JSON.stringify(body), { status });
  });
  return calls;
}
