import { describe, expect, test, vi } from "vitest";

import type { HeatmapMeta } from "../api/types";
import { heatColors } from "./colormap";
import { CHUNK, chunkSpan, HeatmapChunks, mapIndex } from "./heatmapChunks";

const meta: HeatmapMeta = {
  stride: 4,
  offset: 2,
  height: 2,
  width: 3,
  count: 200,
  low: 0,
  high: 1,
  region: [0, 0, 1, 1],
  kind: "error",
};

/** Maps whose every byte is their own index. */
function server() {
  return vi.fn(async ({ start, stop }: { start: number; stop: number }) => {
    const first = Math.ceil((start - meta.offset) / meta.stride);
    const count = Math.ceil((stop - meta.offset) / meta.stride) - first;
    const values = new Uint8Array(count * 6);
    for (let n = 0; n < count; n += 1) values.fill(first + n, n * 6, (n + 1) * 6);
    return { first, count, values };
  });
}

test("a frame shows the map nearest to it", () => {
  expect(mapIndex(meta, 2)).toBe(0);
  expect(mapIndex(meta, 3)).toBe(0);
  expect(mapIndex(meta, 5)).toBe(1);
  expect(mapIndex(meta, 2 + 199 * 4)).toBe(199);
  expect(mapIndex(meta, 5000)).toBeNull();
  expect(mapIndex({ ...meta, count: 0 }, 2)).toBeNull();
});

test("a chunk's span holds the frames of its maps and no others", () => {
  expect(chunkSpan(meta, 0)).toEqual({ start: 2, stop: 2 + (CHUNK - 1) * 4 + 1 });
  expect(chunkSpan(meta, 3).stop).toBe(2 + 199 * 4 + 1);
});

describe("fetching", () => {
  test("a map is the server's own map of that index", async () => {
    const chunks = new HeatmapChunks(meta, server(), () => {});
    chunks.want(130, 0);
    await vi.waitFor(() => expect(chunks.map(130)).not.toBeNull());
    expect([...(chunks.map(130) ?? [])]).toEqual([130, 130, 130, 130, 130, 130]);
    expect(chunks.map(0)).toBeNull();
  });

  test("while playing the next chunks come too, and none beyond the end", async () => {
    const fetch = server();
    const chunks = new HeatmapChunks(meta, fetch, () => {});
    chunks.want(140, 5);
    await vi.waitFor(() => expect(chunks.map(199)).not.toBeNull());
    expect(fetch).toHaveBeenCalledTimes(2);
  });

  test("asking on every frame does not repeat a request", async () => {
    const fetch = server();
    const chunks = new HeatmapChunks(meta, fetch, () => {});
    for (let frame = 0; frame < 20; frame += 1) chunks.want(frame, 1);
    await vi.waitFor(() => expect(chunks.map(CHUNK)).not.toBeNull());
    expect(fetch).toHaveBeenCalledTimes(2);
  });

  test("a failed request is asked again", async () => {
    const fetch = server();
    fetch.mockRejectedValueOnce(new Error("silence"));
    const chunks = new HeatmapChunks(meta, fetch, () => {});
    chunks.want(0, 0);
    await vi.waitFor(() => expect(fetch).toHaveBeenCalledTimes(1));
    await Promise.resolve();
    chunks.want(0, 0);
    await vi.waitFor(() => expect(chunks.map(0)).not.toBeNull());
  });
});

test("the low end is clear and strength never fades as the value rises", () => {
  const table = heatColors();
  expect(table[3]).toBe(0);
  for (let value = 1; value < 256; value += 1) {
    expect(table[value * 4 + 3]).toBeGreaterThanOrEqual(table[(value - 1) * 4 + 3] ?? 0);
  }
  expect(table[255 * 4 + 3]).toBeGreaterThan(200);
});
