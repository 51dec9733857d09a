import { expect, test } from "vitest";

import type { Palette } from "../timeline/palette";
import { drawBands, flips, MARK, requestFor, rowHeight } from "./bands";

const palette = {
  usual: "usual",
  text: "text",
  severity: { high: "high" },
  states: { unsure: "unsure", adjusted: "fixed" },
} as unknown as Palette;

function recorded() {
  const drawn: [string, number[]][] = [];
  const context = {
    fillStyle: "",
    strokeStyle: "",
    fillRect: (...box: number[]) => drawn.push([context.fillStyle, box]),
    strokeRect: (...box: number[]) => drawn.push([context.strokeStyle, box]),
  };
  return { drawn, context: context as unknown as CanvasRenderingContext2D };
}

test("abnormal fills its band, normal is a line, a flip and a clamp are marked", () => {
  const { drawn, context } = recorded();
  const bands = { edges: [0, 10, 20], rounds: [[MARK.normal, MARK.abnormal + MARK.flipped + MARK.clamped]] };

  drawBands(context, bands, { start: 0, stop: 20 }, 200, palette);

  expect(drawn).toEqual([
    ["usual", [0, 4.5, 100, 1]],
    ["high", [100, 1, 100, 8]],
    ["text", [100, 0, 2, 9]],
    ["fixed", [100.5, 1.5, 99, 7]],
  ]);
});

test("what is outside of the view is not drawn", () => {
  const { drawn, context } = recorded();

  drawBands(context, { edges: [0, 10, 20, 30], rounds: [[1, 1, 1]] }, { start: 12, stop: 18 }, 60, palette);

  expect(drawn).toHaveLength(1);
});

test("panning a little asks for the same part; zooming for another", () => {
  const here = requestFor({ start: 1000, stop: 1100 }, 100_000);

  expect(requestFor({ start: 1010, stop: 1110 }, 100_000)).toEqual(here);
  expect(here.start).toBeLessThanOrEqual(1000 - 64);
  expect(requestFor({ start: 0, stop: 100_000 }, 100_000)).toMatchObject({ start: 0, stop: 100_000 });
});

test("many rounds share the room", () => {
  expect([1, 5, 10, 40].map(rowHeight)).toEqual([9, 9, 6, 3]);
});

test("flips are counted over all rounds", () => {
  expect(
    flips({
      edges: [0, 1, 2],
      rounds: [
        [1, 2],
        [6, 2],
        [2, 5],
      ],
    }),
  ).toBe(2);
});
