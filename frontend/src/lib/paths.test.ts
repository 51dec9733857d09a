import { describe, expect, test } from "vitest";

import { paths, safeNext } from "./paths";

test("a moment on the desk keeps what is known of it, frame 0 too", () => {
  expect(paths.review("p", "v", { run: "r", frame: 0 })).toBe("/projects/p/review/v?run=r&frame=0");
  expect(paths.review("p")).toBe("/projects/p/review");
});

describe("where to go after signing in", () => {
  test("an address of this app is kept, with its query", () =>
    expect(safeNext("/projects/p/review/v?frame=3")).toBe("/projects/p/review/v?frame=3"));

  test.each([
    "https://evil.example",
    "//evil.example",
    "/\\evil.example",
    "javascript:alert(1)",
    "/signin/x",
    "",
    null,
  ])("%s is not", (next) => expect(safeNext(next)).toBeNull());

  test("it survives the sign-in address", () => {
    const url = new URL(paths.signIn("/projects/p?x=1&y=2"), "http://here");
    expect(url.searchParams.get("next")).toBe("/projects/p?x=1&y=2");
  });
});
