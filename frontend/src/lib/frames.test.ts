import { describe, expect, test } from "vitest";

import {
  formatClock,
  formatShortClock,
  frameAtCurrentTime,
  frameAtMediaTime,
  frameAtTime,
  framesIn,
  jump,
  seekTime,
  spanSeconds,
  timebaseOf,
  timeOf,
  toSpan,
  withEdge,
} from "./frames";

const NTSC = { num: 30000, den: 1001 };
const video = { fps_num: 25, fps_den: 1, proxy_fps_num: 25, proxy_fps_den: 1, n_frames: 500 };

describe("seeking", () => {
  test("the seek time of every frame of a day at 29.97 fps lies inside that frame", () => {
    for (const frame of [0, 1, 2, 12_345, 1_000_003, 2_589_407]) {
      expect(frameAtCurrentTime(seekTime(frame, NTSC), NTSC)).toBe(frame);
    }
  });

  test("a presented frame's media time, even cut to microseconds, names that frame", () => {
    for (const frame of [0, 1, 7, 999, 2_589_407]) {
      const media = Math.floor((frame * NTSC.den * 1e6) / NTSC.num) / 1e6;
      expect(frameAtMediaTime(media, NTSC)).toBe(frame);
    }
  });

  test("a rate that is not known yet does not divide by zero", () => {
    const timebase = timebaseOf({ ...video, fps_num: 0, proxy_fps_num: 0 });
    expect(Number.isFinite(seekTime(10, timebase.proxyRate))).toBe(true);
  });
});

test("seconds become frames as the segment definition says: floor(t * fps + 0.5)", () => {
  expect(framesIn(0.1, { num: 25, den: 1 })).toBe(3); // 2.5 rounds up
  expect(framesIn(0.4, { num: 10, den: 1 })).toBe(4);
  expect(framesIn(1, NTSC)).toBe(30);
});

describe("clock time", () => {
  const times = Float64Array.from([0, 0.04, 0.08, 5, 5.04, 5.08]);
  const variable = timebaseOf({ ...video, n_frames: 6 }, times);

  test("an evenly spaced video counts by its rate", () => {
    expect(timeOf(timebaseOf(video), 50)).toBe(2);
  });

  test("a video with a gap shows the source's own time", () => {
    expect(timeOf(variable, 3)).toBe(5);
    expect(frameAtTime(variable, 4.99)).toBe(2);
    expect(frameAtTime(variable, 5)).toBe(3);
  });

  test("a jump of one second across a gap still moves", () => {
    expect(jump(variable, 2, 1)).toBe(3);
    expect(jump(variable, 3, -1)).toBe(2);
    expect(jump(variable, 0, -1)).toBe(0);
    expect(jump(variable, 5, 10)).toBe(5);
  });

  test("jumps of an evenly spaced video are exact there and back", () => {
    const timebase = timebaseOf({ ...video, fps_num: 30000, fps_den: 1001 });
    expect(jump(timebase, 100, 1)).toBe(129);
    expect(jump(timebaseOf(video), 100, 1)).toBe(125);
    expect(jump(timebaseOf(video), jump(timebaseOf(video), 100, 10), -10)).toBe(100);
  });

  test("the length of a span that ends with the video includes its last frame", () => {
    expect(spanSeconds(timebaseOf(video), { start: 475, stop: 500 })).toBe(1);
    expect(spanSeconds(variable, { start: 5, stop: 6 })).toBeCloseTo(0.04);
  });

  test("times of another length than the video are not believed", () => {
    expect(timebaseOf(video, times).times).toBeNull();
  });
});

describe("spans", () => {
  test("a span drawn backwards is the same span, of one frame at least, inside the video", () => {
    expect(toSpan(30, 10, 100)).toEqual({ start: 10, stop: 30 });
    expect(toSpan(10, 10, 100)).toEqual({ start: 10, stop: 11 });
    expect(toSpan(-5, 200, 100)).toEqual({ start: 0, stop: 100 });
    expect(toSpan(100, 100, 100)).toEqual({ start: 99, stop: 100 });
  });

  test("an edge cannot pass the other one or leave the video", () => {
    expect(withEdge({ start: 10, stop: 20 }, "start", 25, 100)).toEqual({ start: 19, stop: 20 });
    expect(withEdge({ start: 10, stop: 20 }, "stop", 3, 100)).toEqual({ start: 10, stop: 11 });
    expect(withEdge({ start: 10, stop: 20 }, "stop", 300, 100)).toEqual({ start: 10, stop: 100 });
  });
});

describe("clocks in words", () => {
  test("a clock is cut, and binary fractions do not steal a hundredth", () => {
    expect(formatClock(49.36)).toBe("00:00:49.36");
    expect(formatClock(0.29)).toBe("00:00:00.29");
    expect(formatClock(59.999)).toBe("00:00:59.99");
    expect(formatClock(45005, 0)).toBe("12:30:05");
  });

  test("a short clock leaves out hours that are not there", () => {
    expect(formatShortClock(49.36)).toBe("0:49.3");
    expect(formatShortClock(765, 0)).toBe("12:45");
    expect(formatShortClock(3723, 0)).toBe("1:02:03");
  });
});
