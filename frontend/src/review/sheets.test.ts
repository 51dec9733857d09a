import { expect, test } from "vitest";

import { tileOf } from "./sheets";

const sheets = { tile_width: 160, tile_height: 90, columns: 10, rows: 10, stride: 5, count: 137 };

test("a frame's small picture is the tile of its stride, sheet by sheet, row by row", () => {
  expect(tileOf(sheets, 0)).toEqual({ sheet: 0, x: 0, y: 0, frame: 0 });
  expect(tileOf(sheets, 4)).toEqual({ sheet: 0, x: 0, y: 0, frame: 0 });
  expect(tileOf(sheets, 5 * 13 + 2)).toEqual({ sheet: 0, x: 480, y: 90, frame: 65 });
  expect(tileOf(sheets, 5 * 100)).toEqual({ sheet: 1, x: 0, y: 0, frame: 500 });
});

test("a frame after the last tile shows the last tile", () => {
  expect(tileOf(sheets, 1_000_000)).toEqual({ sheet: 1, x: 960, y: 270, frame: 680 });
});
