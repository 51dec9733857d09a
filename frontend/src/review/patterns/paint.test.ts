import { expect, test } from "vitest";

import type { Palette } from "../timeline/palette";
import { layersOf, ramp, shadeOf, strangeness } from "./paint";
import { pointsOf } from "./points";

const palette = {
  scheme: "dark",
  usual: "#000000",
  severity: { low: "#646464", medium: "#c8c8c8", high: "#ffffff" },
  states: { unsure: "#111111", adjusted: "#222222" },
} as unknown as Palette;

const points = pointsOf({
  layout: "pca",
  length: 10,
  total: 3,
  notes: [],
  videos: [
    { id: "a", name: "a.mp4" },
    { id: "b", name: "b.mp4" },
  ],
  video: [0, 0, 1],
  start: [0, 10, 0],
  x: [0, 1, 2],
  y: [0, 1, 2],
  score: [0, 2, 9],
});

const filled = (layers: ReturnType<typeof layersOf>) => layers.filter(({ places }) => places.length > 0);

test("a score counts from the run's median to its threshold", () => {
  expect(strangeness(2, 1, 3)).toBe(0.5);
  expect(strangeness(0, 1, 3)).toBe(0);
  expect(strangeness(5, 3, 3)).toBe(1); // a run whose scores are all alike
});

test("the ramp goes from usual through the severities, and ends there", () => {
  const shades = ramp(palette);

  expect(shades[shadeOf(0)]).toBe("rgb(0 0 0)");
  expect(shades[shadeOf(3)]).toBe("rgb(255 255 255)");
  expect(shadeOf(30)).toBe(shadeOf(3));
});

test("by score, the strangest lies on top", () => {
  const layers = filled(layersOf(points, { by: "score", states: null, centre: 0, threshold: 2 }, palette));

  expect(layers.map(({ places }) => places)).toEqual([[0], [1], [2]]);
});

test("by label, what people decided has a shape and lies above what is open", () => {
  const layers = filled(layersOf(points, { by: "label", states: "302", centre: 0, threshold: 1 }, palette));

  expect(layers.map(({ shape, places }) => [shape, places])).toEqual([
    ["open", [1]],
    ["normal", [2]],
    ["abnormal", [0]],
  ]);
});

test("by video, each has a colour", () => {
  const layers = filled(layersOf(points, { by: "video", states: null, centre: 0, threshold: 1 }, palette));

  expect(new Set(layers.map(({ color }) => color)).size).toBe(2);
});
