import { describe, expect, test } from "vitest";

import {
  allFootage,
  type Choice,
  chosen,
  estimateRequest,
  footageProblem,
  fromRun,
  missingWeights,
  overridesFor,
} from "./plan";
import type { Run } from "../api/types";
import { testDetector, testVideo } from "./testDetector";

const ready = [testVideo("a"), testVideo("b"), testVideo("c")];
const detector = testDetector();
const choice: Choice = { preset: "fast", drafts: {}, clientKey: "k" };

test("all footage is sent as null, so that what comes in meanwhile counts too", () => {
  const request = estimateRequest("p", detector, choice, allFootage(ready), ready);
  expect(request).toMatchObject({ mode: "merged", train_videos: null, score_videos: null, overrides: {} });
});

test("a part of the footage is sent by name, without videos that are gone", () => {
  expect(chosen(new Set(["b", "gone"]), ready)).toEqual(["b"]);
});

test("learning from chosen videos sends both lists, even when all are chosen", () => {
  const footage = { mode: "partial" as const, train: new Set(["a", "b", "c"]), score: new Set(["c"]) };
  const request = estimateRequest("p", detector, choice, footage, ready);
  expect(request.train_videos).toEqual(["a", "b", "c"]);
  expect(request.score_videos).toEqual(["c"]);
});

describe("what keeps a run from starting is said", () => {
  test.each([
    [[], allFootage(ready), /No video is ready/],
    [ready, { mode: "partial" as const, train: new Set<string>(), score: new Set(["a"]) }, /to learn from/],
    [ready, { mode: "merged" as const, train: new Set(["a"]), score: new Set<string>() }, /to score/],
  ])("case %#", (videos, footage, sentence) => expect(footageProblem(footage, videos)).toMatch(sentence));

  test("nothing, when all is right", () => expect(footageProblem(allFootage(ready), ready)).toBeNull());
});

test("a setting counts as changed against the chosen preset, not the first one", () => {
  const drafts = { epochs: "25" };
  expect(overridesFor(detector, { ...choice, drafts }).values).toEqual({ epochs: 25 });
  expect(overridesFor(detector, { ...choice, preset: "paper", drafts }).values).toEqual({});
});

test("a run to begin from brings its settings and its footage, without what is gone", () => {
  const run = {
    preset: "paper",
    overrides: { epochs: 30, retired: 1 },
    mode: "partial",
    videos: [
      { video: "a", trains: true, scores: false },
      { video: "b", trains: false, scores: true },
      { video: "gone", trains: true, scores: true },
    ],
  } as unknown as Run;
  const begun = fromRun(run, detector, ready);
  expect(begun.choice).toMatchObject({ preset: "paper", drafts: { epochs: "30" } });
  expect(begun.footage).toEqual({ mode: "partial", train: new Set(["a"]), score: new Set(["b"]) });
});

test("missing files count for the preset that needs them only", () => {
  expect(missingWeights(detector, { preset: "fast" })).toEqual([]);
  expect(missingWeights(detector, { preset: "paper" })).toEqual(["clip.safetensors"]);
});
