import { expect, test } from "vitest";

import { before, nextRun, standingOf, type Voice } from "./next";

const voice = (decision: Voice["decision"]): Voice => ({
  subject: "s",
  drawn: true,
  reviewer_name: "Ada",
  mine: true,
  decision,
  start: 0,
  stop: 9,
});

test("what people say comes to one of five things", () => {
  expect(standingOf([])).toBe("nothing");
  expect(standingOf([voice("unsure")])).toBe("unsure");
  expect(standingOf([voice("unsure"), voice("accept")])).toBe("abnormal");
  expect(standingOf([voice("reject")])).toBe("normal");
  expect(standingOf([voice("reject"), voice("accept")])).toBe("disputed");
});

test("what the next run does is said for each", () => {
  expect(nextRun("abnormal")).toContain("leaves it out of what it learns");
  expect(nextRun("normal")).toContain("always learns from it");
  expect(nextRun("disputed")).toContain("little weight");
  expect(nextRun("nothing")).toContain("decides it by itself");
});

test("a human's clamp is never silent", () => {
  expect(before({ clamped: 1, disputed: false })).toContain("fixed this window as abnormal before this run");
  expect(before({ clamped: 0, disputed: false })).toContain("as normal");
  expect(before({ clamped: -1, disputed: true })).toContain("contradicted");
  expect(before({ clamped: -1, disputed: false })).toBeNull();
});
