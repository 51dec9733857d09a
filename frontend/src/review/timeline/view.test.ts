import { describe, expect, test } from "vitest";

import { timebaseOf } from "../../lib/frames";
import {
  clampView,
  FEWEST_FRAMES,
  fit,
  follow,
  frameAt,
  panBy,
  reveal,
  ticks,
  xAt,
  zoomAt,
  zoomTo,
} from "./view";

const DAY = 24 * 3600 * 25;
const timebase = timebaseOf({ fps_num: 25, fps_den: 1, proxy_fps_num: 25, proxy_fps_den: 1, n_frames: DAY });

describe("zooming", () => {
  test("the frame under the pointer stays under it", () => {
    const before = { start: 1000, stop: 5000 };
    const after = zoomAt(before, 0.3, 1.7, DAY);
    expect(frameAt(after, 300, 1000)).toBeCloseTo(frameAt(before, 300, 1000), 6);
    expect(after.stop - after.start).toBeCloseTo(4000 / 1.7, 6);
  });

  test("zooming out ends at the whole video, zooming in at a few frames", () => {
    expect(zoomAt({ start: 10, stop: 20 }, 0.5, 1e-9, DAY)).toEqual(fit(DAY));
    const closest = zoomAt(fit(DAY), 0.5, 1e9, DAY);
    expect(closest.stop - closest.start).toBe(FEWEST_FRAMES);
  });

  test("a video shorter than the closest zoom is shown whole", () => {
    expect(zoomAt(fit(5), 0.5, 100, 5)).toEqual({ start: 0, stop: 5 });
    expect(fit(0)).toEqual({ start: 0, stop: 1 });
  });

  test("a thousand zooms in and out lose no more than rounding", () => {
    let view = { start: 100_000, stop: 140_000 };
    for (let n = 0; n < 500; n += 1) view = zoomAt(view, 0.4, 1.01, DAY);
    for (let n = 0; n < 500; n += 1) view = zoomAt(view, 0.4, 1 / 1.01, DAY);
    expect(view.start).toBeCloseTo(100_000, 2);
    expect(view.stop).toBeCloseTo(140_000, 2);
  });
});

describe("moving", () => {
  test("panning stops at the ends without changing the zoom", () => {
    expect(panBy({ start: 50, stop: 150 }, -500, 1000)).toEqual({ start: 0, stop: 100 });
    expect(panBy({ start: 50, stop: 150 }, 5000, 1000)).toEqual({ start: 900, stop: 1000 });
  });

  test("a span in view moves nothing", () => {
    const view = { start: 0, stop: 1000 };
    expect(reveal(view, { start: 400, stop: 500 }, 10_000)).toBe(view);
  });

  test("a span outside is brought in at the same zoom, at both ends of the video too", () => {
    const view = { start: 0, stop: 1000 };
    const moved = reveal(view, { start: 4000, stop: 4100 }, 10_000);
    expect(moved.stop - moved.start).toBe(1000);
    expect(moved.start).toBeLessThan(4000);
    expect(moved.stop).toBeGreaterThan(4100);
    expect(reveal(moved, { start: 0, stop: 5 }, 10_000).start).toBe(0);
  });

  test("a span longer than the view is zoomed to", () => {
    expect(reveal({ start: 0, stop: 100 }, { start: 300, stop: 600 }, 10_000)).toEqual(
      zoomTo({ start: 300, stop: 600 }, 10_000),
    );
  });

  test("the page turns when the playhead leaves it, and not before", () => {
    const view = { start: 0, stop: 1000 };
    expect(follow(view, 999, 10_000)).toBe(view);
    const next = follow(view, 1001, 10_000);
    expect(next.start).toBeCloseTo(950);
    expect(follow(view, 7000, 10_000).start).toBeCloseTo(6950);
  });

  test("a view from a longer video fits into a shorter one", () => {
    expect(clampView({ start: 5000, stop: 6000 }, 300)).toEqual({ start: 0, stop: 300 });
  });
});

describe("the ruler", () => {
  test("marks are round times and never closer than asked", () => {
    const view = { start: 1234, stop: 98_765 };
    const marks = ticks(view, timebase, 900, 80);
    expect(marks.length).toBeGreaterThan(4);
    for (let n = 1; n < marks.length; n += 1) {
      const gap = xAt(view, marks[n]?.frame ?? 0, 900) - xAt(view, marks[n - 1]?.frame ?? 0, 900);
      expect(gap).toBeGreaterThanOrEqual(79.9);
    }
    expect(marks.every((mark) => mark.frame % (25 * 60) === 0)).toBe(true);
  });

  test("at the closest zoom marks still differ", () => {
    const labels = ticks({ start: 0, stop: 12 }, timebase, 900).map((mark) => mark.label);
    expect(new Set(labels).size).toBe(labels.length);
  });

  test("a gap of an hour in the source is one place on the frame axis", () => {
    const times = Float64Array.from({ length: 100 }, (_, n) => (n < 50 ? n * 0.04 : 3600 + n * 0.04));
    const gapped = timebaseOf(
      { fps_num: 25, fps_den: 1, proxy_fps_num: 25, proxy_fps_den: 1, n_frames: 100 },
      times,
    );
    const marks = ticks({ start: 0, stop: 100 }, gapped, 900);
    const places = marks.map((mark) => mark.frame);
    expect(new Set(places).size).toBe(places.length);
  });
});
