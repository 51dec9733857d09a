import { expect, test } from "vitest";

import type { Run, Track } from "../api/types";
import { curvesOf, FUSED, MOTION, SCORE } from "./useRuns";

const track = (id: string, name: string, run: string | null): Track => ({ id, name, run }) as Track;
const runs = [
  { id: "mine", color_index: 1 },
  { id: "theirs", color_index: 2 },
] as Run[];
const tracks = [
  track("a", SCORE, "mine"),
  track("b", SCORE, "theirs"),
  track("c", MOTION, null),
  track("d", FUSED, null),
];
const kinds = (shown: string[]) =>
  curvesOf(tracks, runs, runs[0] ?? null, new Set(shown)).map(({ track: { id }, kind }) => [id, kind]);

test("the chosen run lies on top, motion beneath all", () => {
  expect(kinds(["mine", "theirs"])).toEqual([
    ["c", "motion"],
    ["b", "other"],
    ["a", "chosen"],
  ]);
});

test("the curve of all detectors together is drawn when it is asked for", () => {
  expect(kinds(["mine", FUSED])).toEqual([
    ["c", "motion"],
    ["d", "fused"],
    ["a", "chosen"],
  ]);
});
