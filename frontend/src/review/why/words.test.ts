import { expect, test } from "vitest";

import { deviations, percent, standsOut } from "./words";

test("how far a figure lies from its mean is said in words", () => {
  expect(deviations(2.34)).toBe("2.3 deviations above its mean");
  expect(deviations(-1)).toBe("1.0 deviations below its mean");
  expect(deviations(0.01)).toBe("at its mean");
});

test("a figure stands out from one deviation on", () => {
  expect([0.9, 1, -5].map(standsOut)).toEqual([false, true, false]);
});

test("shares are whole percents", () => expect(percent(0.456)).toBe("46%"));
