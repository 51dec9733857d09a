import { expect, test } from "vitest";

import type { Run } from "../api/types";
import { testDetector } from "../runs/testDetector";
import { begin, parentOf, usable } from "./choices";

const run = (fields: Partial<Run>): Run =>
  ({ id: "r", detector: "quick", preset: "fast", stage: "done", created_at: "2026-01-01", ...fields }) as Run;

test("the parent is the newest done run of the same detector and preset", () => {
  const runs = [
    run({ id: "old" }),
    run({ id: "new", created_at: "2026-02-01" }),
    run({ id: "failed", created_at: "2026-03-01", stage: "failed" }),
    run({ id: "other", created_at: "2026-03-01", preset: "paper" }),
  ];

  expect(parentOf(runs, "quick", "fast")?.id).toBe("new");
  expect(parentOf(runs, "slow", "fast")).toBeNull();
});

test("to begin with, the detectors that were run here are chosen, by their last preset", () => {
  const quick = testDetector();
  const slow = testDetector({ name: "slow" });

  expect(begin([quick, slow], [run({ detector: "slow" })])).toEqual({ slow: "fast" });
});

test("where nothing was run, the first detector that could run is chosen", () => {
  const quick = testDetector();

  expect(begin([quick], [])).toEqual({ quick: usable(quick)[0] });
});
