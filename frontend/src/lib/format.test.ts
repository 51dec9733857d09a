import { describe, expect, test } from "vitest";

import {
  formatAgo,
  formatBytes,
  formatDuration,
  formatEstimate,
  formatLength,
  formatPercent,
  formatScore,
  humanize,
  plural,
  visibleName,
} from "./format";

test("a name cannot hide its ending behind characters that turn the reading direction", () =>
  expect(visibleName("invoice\u202Egpm.exe\u0000")).toBe("invoice gpm.exe "));

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1.0 KB"],
  [99_950, "100 KB"],
  [999_900, "1.0 MB"],
  [4_700_000_000, "4.7 GB"],
  [-5, "0 B"],
])("%d bytes read as %s", (bytes, text) => expect(formatBytes(bytes)).toBe(text));

test.each([
  [0, "0:00"],
  [59.6, "1:00"],
  [725, "12:05"],
  [3723, "1:02:03"],
])("%d seconds of footage read as %s", (seconds, text) => expect(formatLength(seconds)).toBe(text));

test.each([
  [0.4, "0 s"],
  [59.4, "59 s"],
  [60, "1 min"],
  [200, "3 min 20 s"],
  [700, "11 min"],
  [7500, "2 h 5 min"],
  [Number.POSITIVE_INFINITY, "unknown"],
])("a wait of %d s reads as %s", (seconds, text) => expect(formatDuration(seconds)).toBe(text));

test("estimates claim no false precision", () => {
  expect(formatEstimate(12)).toBe("under a minute");
  expect(formatEstimate(400)).toBe("about 7 min");
  expect(formatEstimate(9000)).toBe("about 2.5 h");
});

describe("percent", () => {
  test("says 100 only when it is done", () => {
    expect(formatPercent(0.9999)).toBe("99 %");
    expect(formatPercent(1)).toBe("100 %");
  });

  test("is empty while nobody knows", () => expect(formatPercent(null)).toBe(""));
});

test.each([
  [0.123456, "0.123"],
  [1234, "1230"],
  [0.00001, "1.00e-5"],
  [0, "0"],
  [null, "–"],
  [Number.NaN, "–"],
])("the score %s reads as %s", (value, text) => expect(formatScore(value)).toBe(text));

test("times that passed are told relative to now, old ones by date", () => {
  const now = Date.parse("2026-03-10T12:00:00Z");
  expect(formatAgo("2026-03-10T11:59:40Z", now)).toBe("just now");
  expect(formatAgo("2026-03-10T11:55:00Z", now)).toBe("5 minutes ago");
  expect(formatAgo("2026-03-09T11:00:00Z", now)).toBe("yesterday");
  expect(formatAgo("2025-12-01T11:00:00Z", now)).toBe("1 Dec 2025");
});

test("counts agree with their noun", () => {
  expect(plural(1, "video")).toBe("1 video");
  expect(plural(1200, "video")).toBe("1,200 videos");
});

test("names from code read as words", () =>
  expect(humanize("pseudo_label-states")).toBe("Pseudo label states"));
