import { describe, expect, test, vi } from "vitest";

import type { TrackWindow } from "../../api/types";
import { columnsOf, levelFor, TILE, tilesOf, TrackTiles } from "./tiles";

const DAY = 24 * 3600 * 25;
const TRACK = "t";

/** A server: a quiet curve with one frame that stands out. */
function serverOf(total: number, peak: number) {
  const value = (frame: number): number => (frame === peak ? 9 : 1);
  return vi.fn(
    async (_track: string, { start, stop, width }: { start: number; stop: number; width: number }) => {
      const step = Math.max(1, Math.ceil((stop - start) / width));
      const min: number[] = [];
      const max: number[] = [];
      for (let at = start; at < stop; at += step) {
        min.push(1);
        max.push(peak >= at && peak < Math.min(at + step, total) ? 9 : value(at));
      }
      return { start, stop, step, level: 0, min, max } satisfies TrackWindow;
    },
  );
}

describe("which tiles a view needs", () => {
  test("a day on 1,000 pixels is a handful of requests, a few seconds is one", () => {
    const whole = { start: 0, stop: DAY };
    expect(tilesOf(whole, levelFor(whole, 1000), DAY).length).toBeLessThanOrEqual(3);
    const close = { start: 500_000, stop: 500_100 };
    expect(levelFor(close, 1000)).toBe(0);
    expect(tilesOf(close, 0, DAY).length).toBeLessThanOrEqual(2);
  });

  test("at any zoom there is at least one bucket a pixel", () => {
    for (const frames of [10, 999, 1001, 5000, 123_456, DAY]) {
      const level = levelFor({ start: 0, stop: frames }, 1000);
      if (level > 0) expect(frames / 2 ** level).toBeGreaterThanOrEqual(1000);
    }
  });
});

describe("columns", () => {
  test("a peak of one frame is visible when a day is shown whole", async () => {
    const fetch = serverOf(DAY, 1_234_567);
    const view = { start: 0, stop: DAY };
    const tiles = new TrackTiles(fetch, DAY, () => {}, 0);
    tiles.want([TRACK], view, 900);
    await vi.waitFor(() =>
      expect(tiles.windows(TRACK, view, 900).length).toBe(tilesOf(view, levelFor(view, 900), DAY).length),
    );
    const { high, low } = columnsOf(tiles.windows(TRACK, view, 900), view, 900);
    expect(Math.max(...high)).toBe(9);
    expect(Math.max(...low)).toBe(1);
    const shown = [...high.keys()].filter((x) => high[x] === 9);
    expect(shown).toContain(Math.floor((1_234_567 / DAY) * 900));
    expect(shown.length).toBeLessThanOrEqual(2);
  });

  test("zoomed in, a frame of many pixels fills exactly its own columns", () => {
    const window: TrackWindow = {
      start: 0,
      stop: 10,
      step: 1,
      level: 0,
      min: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
      max: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    };
    const { high } = columnsOf([window], { start: 0, stop: 10 }, 100);
    expect([...high.slice(0, 10)]).toEqual(Array.from({ length: 10 }, () => 0));
    expect(high[10]).toBe(1);
    expect(high[99]).toBe(9);
  });

  test("values that do not exist leave a hole", () => {
    const window = {
      start: 0,
      stop: 3,
      step: 1,
      level: 0,
      min: [1, null, 3],
      max: [1, null, 3],
    } as unknown as TrackWindow;
    const { high } = columnsOf([window], { start: 0, stop: 3 }, 3);
    expect(high[0]).toBe(1);
    expect(high[1]).toBeNaN();
    expect(high[2]).toBe(3);
  });
});

describe("the cache", () => {
  test("panning back asks for nothing again", async () => {
    const fetch = serverOf(100_000, 5);
    const tiles = new TrackTiles(fetch, 100_000, () => {}, 0);
    const view = { start: 0, stop: 800 };
    tiles.want([TRACK], view, 1000);
    await vi.waitFor(() => expect(tiles.windows(TRACK, view, 1000)[0]?.step).toBe(1));
    const asked = fetch.mock.calls.length;
    tiles.want([TRACK], view, 1000);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(fetch.mock.calls.length).toBe(asked);
  });

  test("a view that was never asked for is drawn from the whole video's curve meanwhile", async () => {
    const tiles = new TrackTiles(serverOf(100_000, 5), 100_000, () => {}, 0);
    const whole = { start: 0, stop: 100_000 };
    tiles.want([TRACK], whole, 1000);
    await vi.waitFor(() => expect(tiles.windows(TRACK, whole, 1000).length).toBeGreaterThan(0));
    const close = { start: 40_000, stop: 40_500 };
    const { high } = columnsOf(tiles.windows(TRACK, close, 1000), close, 1000);
    expect(high.every((value) => value === 1)).toBe(true);
  });

  test("a failed request is asked again by the next movement", async () => {
    const fetch = serverOf(500, 5);
    fetch.mockRejectedValueOnce(new Error("silence"));
    const tiles = new TrackTiles(fetch, 500, () => {}, 0);
    const view = { start: 0, stop: 500 };
    tiles.want([TRACK], view, 1000);
    await vi.waitFor(() => expect(fetch).toHaveBeenCalledTimes(1));
    await new Promise((resolve) => setTimeout(resolve, 5));
    tiles.want([TRACK], view, 1000);
    await vi.waitFor(() => expect(tiles.valueAt(TRACK, 5)).toBe(9));
  });

  test("a tile never asks beyond the end of the video", async () => {
    const total = TILE + 10;
    const fetch = serverOf(total, 5);
    const tiles = new TrackTiles(fetch, total, () => {}, 0);
    tiles.want([TRACK], { start: 0, stop: total }, 5000);
    await vi.waitFor(() => expect(fetch).toHaveBeenCalledTimes(2));
    expect(fetch.mock.calls.map(([, request]) => request.stop)).toEqual([TILE, total]);
  });
});
