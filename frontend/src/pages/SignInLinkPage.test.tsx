import { screen, waitFor } from "@testing-library/react";
import { expect, test } from "vitest";

import { renderPage, serve } from "../ui/testPage";
import { SignInLinkPage } from "./SignInLinkPage";

const ANA = {
  id: "u",
  username: "ana",
  display_name: "",
  email: "",
  is_superuser: false,
  preferences: {},
  has_password: false,
};
const anonymous = { user: null, sign_up: false, version: "1", demo_project: null };
const open = () => renderPage(<SignInLinkPage />, { path: "/signin/:secret", at: "/signin/s3cret" });

test("a link is used once, even where effects run twice, and leads to the demo project", async () => {
  let session: unknown = anonymous;
  const calls = serve({
    "GET /api/session/": () => ({ body: session }),
    "POST /api/session/link/": () => {
      session = { ...anonymous, user: ANA, demo_project: "demo" };
      return { body: { user: ANA } };
    },
  });

  const { router } = open();

  await waitFor(() => expect(router.state.location.pathname).toBe("/projects/demo"));
  expect(calls.filter(({ method }) => method === "POST")).toEqual([
    { method: "POST", path: "/api/session/link/", body: { secret: "s3cret" } },
  ]);
});

test("without a demo project it leads to all projects", async () => {
  serve({
    "GET /api/session/": { body: { ...anonymous, user: ANA } },
    "POST /api/session/link/": { body: { user: ANA } },
  });

  const { router } = open();

  await waitFor(() => expect(router.state.location.pathname).toBe("/projects"));
});

test("a spent link says so, in the server's words, and what to do", async () => {
  const message = "This sign-in link was used already or is too old.";
  serve({
    "GET /api/session/": { body: anonymous },
    "POST /api/session/link/": { status: 400, body: { code: "link_used", message, fields: {} } },
  });

  open();

  expect(await screen.findByRole("heading", { name: "This link no longer works" })).toBeInTheDocument();
  expect(screen.getByRole("alert")).toHaveTextContent(message);
  expect(screen.getByText(/works once, within a day/)).toBeInTheDocument();
  expect(screen.getByRole("link", { name: "Sign in with a password" })).toHaveAttribute("href", "/signin");
});
