import { describe, expect, test } from "vitest";

import { boxOf, layoutOf, rangeOf, valueAtY, yOf } from "./geometry";
import { type Block, hitTest } from "./hit";

const layout = layoutOf(200, ["proposals", "verdicts"]);
const view = { start: 0, stop: 1000 };
const width = 1000; // one pixel a frame
const blocks: Block[] = [
  { subject: "wide", lane: "proposals", span: { start: 100, stop: 200 } },
  { subject: "tiny", lane: "proposals", span: { start: 300, stop: 301 } },
  { subject: "judged", lane: "verdicts", span: { start: 100, stop: 180 } },
];
const scene = { layout, view, width, blocks, selected: null, thresholdY: 60 };
const lane = (id: "proposals" | "verdicts"): number =>
  (layout.lanes.find((one) => one.id === id)?.band.top ?? 0) + 8;

describe("what lies under the pointer", () => {
  test.each([
    [{ x: 500, y: 5 }, { kind: "ruler" }],
    [{ x: 500, y: 63 }, { kind: "threshold" }],
    [{ x: 500, y: 90 }, { kind: "curve" }],
    [
      { x: 150, y: lane("proposals") },
      { kind: "item", subject: "wide" },
    ],
    [
      { x: 98, y: lane("proposals") },
      { kind: "edge", subject: "wide", edge: "start" },
    ],
    [
      { x: 203, y: lane("proposals") },
      { kind: "edge", subject: "wide", edge: "stop" },
    ],
    [
      { x: 150, y: lane("verdicts") },
      { kind: "item", subject: "judged" },
    ],
    [
      { x: 600, y: lane("verdicts") },
      { kind: "lane", lane: "verdicts" },
    ],
  ])("%o is %o", (place, hit) => {
    expect(hitTest(place, scene)).toEqual(hit);
  });

  test("an item of one pixel is clicked; its edges can be dragged once it is selected", () => {
    const y = lane("proposals");
    expect(hitTest({ x: 300, y }, scene)).toEqual({ kind: "item", subject: "tiny" });
    const chosen = { ...scene, selected: "tiny" };
    expect(hitTest({ x: 300.5, y }, chosen)).toEqual({ kind: "item", subject: "tiny" });
    expect(hitTest({ x: 296, y }, chosen)).toEqual({ kind: "edge", subject: "tiny", edge: "start" });
    expect(hitTest({ x: 305, y }, chosen)).toEqual({ kind: "edge", subject: "tiny", edge: "stop" });
  });

  test("without a run there is no threshold to drag", () => {
    expect(hitTest({ x: 500, y: 60 }, { ...scene, thresholdY: null })).toEqual({ kind: "curve" });
  });
});

describe("heights", () => {
  test("a height means the value that is drawn there", () => {
    const range = rangeOf({ low: -2, high: 7 }, 3);
    for (const value of [-2, 0, 3, 6.5]) {
      expect(valueAtY(yOf(value, range, layout.curve), range, layout.curve)).toBeCloseTo(value, 9);
    }
  });

  test("a threshold beyond the curve is still on it", () => {
    const range = rangeOf({ low: 0, high: 1 }, 4);
    expect(yOf(4, range, layout.curve)).toBeGreaterThan(layout.curve.top);
    expect(yOf(4, range, layout.curve)).toBeLessThan(layout.curve.top + layout.curve.height);
  });

  test("a curve that is flat does not divide by zero", () => {
    expect(Number.isFinite(yOf(0, rangeOf({ low: 0, high: 0 }, null), layout.curve))).toBe(true);
  });
});

test("an item too short for a pixel is drawn around its own place", () => {
  const box = boxOf({ start: 500, stop: 501 }, { start: 0, stop: 100_000 }, 1000);
  expect(box.width).toBeGreaterThanOrEqual(3);
  expect(box.x + box.width / 2).toBeCloseTo(5.005, 2);
});
