import { expect, test } from "vitest";

import { pollWhile } from "./polling";

const interval = pollWhile<{ busy: boolean }>(({ busy }) => busy, 1000);
const state = (data: { busy: boolean } | undefined, error: Error | null = null) => ({
  state: { data, error },
});

test("asks again only while work is under way", () => {
  expect(interval(state({ busy: true }))).toBe(1000);
  expect(interval(state({ busy: false }))).toBe(false);
});

test("does not hammer a server that fails, nor poll before the first answer", () => {
  expect(interval(state({ busy: true }, new Error("503")))).toBe(4000);
  expect(interval(state(undefined))).toBe(false);
});
