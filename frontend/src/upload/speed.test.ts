import { expect, test } from "vitest";

import { SpeedMeter } from "./speed";

test("tells nothing before there is something to go by", () => {
  const meter = new SpeedMeter();
  meter.add(0, 0);
  meter.add(1000, 500);
  expect(meter.speed()).toBeNull();
});

test("is the mean over the last seconds, so that a stall shows", () => {
  const meter = new SpeedMeter();
  meter.add(0, 0);
  meter.add(2000, 2000);
  expect(meter.speed()).toBe(1000);
  meter.add(2000, 10_000);
  expect(meter.speed()).toBe(0);
});

test("begins anew when the server had less than was sent", () => {
  const meter = new SpeedMeter();
  meter.add(0, 0);
  meter.add(9000, 3000);
  meter.add(5000, 3100);
  meter.add(6000, 4100);
  expect(meter.speed()).toBe(1000);
});
