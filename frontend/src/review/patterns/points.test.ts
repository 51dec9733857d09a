import { expect, test } from "vitest";

import { fitLens, frameOf, pointAt, pointsOf, SIDE, spansOf, windowAt, within, zoomed } from "./points";

const points = pointsOf({
  layout: "pca",
  length: 10,
  total: 5,
  notes: [],
  videos: [
    { id: "a", name: "a.mp4" },
    { id: "b", name: "b.mp4" },
  ],
  video: [0, 0, 0, 1, 1],
  start: [-3, 7, 27, 0, 10],
  x: [0, SIDE, SIDE / 2, 0, SIDE],
  y: [0, 0, SIDE / 2, SIDE, SIDE],
  score: [1, 2, 3, 4, 5],
});

test("a frame belongs to the window whose middle is nearest", () => {
  expect([0, 6, 7, 19, 24, 900].map((frame) => windowAt(points, "a", frame))).toEqual([0, 0, 1, 1, 2, 2]);
  expect(windowAt(points, "b", 9)).toBe(3);
  expect(windowAt(points, "c", 9)).toBeNull();
});

test("a window that hangs over the beginning is shown by a frame of the video", () => {
  expect(frameOf(points, 0)).toBe(2);
  expect(frameOf({ ...points, start: Int32Array.from([-9]) }, 0)).toBe(0);
});

test("a pointer means the nearest point within reach", () => {
  const lens = fitLens(120, 120); // 10 to 110

  expect(pointAt(points, lens, { x: 12, y: 108 })).toBe(0); // y points upwards
  expect(pointAt(points, lens, { x: 108, y: 14 })).toBe(4);
  expect(pointAt(points, lens, { x: 85, y: 60 })).toBeNull();
});

test("zooming keeps what lies under the pointer", () => {
  const lens = zoomed(fitLens(120, 120), 4, { x: 60, y: 60 });

  expect(pointAt(points, lens, { x: 60, y: 60 })).toBe(2);
});

test("a lasso holds what lies within it, whatever its shape", () => {
  const lens = fitLens(120, 120);
  const leftHalf = [
    { x: 0, y: 0 },
    { x: 40, y: 0 },
    { x: 40, y: 120 },
    { x: 0, y: 120 },
  ];

  expect(within(points, lens, leftHalf)).toEqual([0, 3]);
  expect(within(points, lens, leftHalf.slice(0, 2))).toEqual([]);
});

test("windows that touch become one span, within one video only", () => {
  expect(spansOf(points, [4, 1, 0, 3])).toEqual([
    { video: "a", start: 0, stop: 17 },
    { video: "b", start: 0, stop: 20 },
  ]);
  expect(spansOf(points, [0, 2, 4], 2)).toHaveLength(2);
});
