import { describe, expect, test } from "vitest";

import { Arrival } from "./arrival";
import { createClock, patchClock } from "./clock";

function setting() {
  const clock = createClock(100);
  let time = 1000;
  let video = "v";
  const arrival = new Arrival(clock, () => time);
  return {
    clock,
    arrival,
    pass: (ms: number) => (time += ms),
    show: (other: string) => (video = other),
    decided: (start: number, where = "v") =>
      arrival.decided({ video: where, span: { start, stop: start + 20 } }, () => video),
  };
}

describe("after a decision", () => {
  test("the next one waits for the picture of the item it led to", () => {
    const { clock, arrival, pass, decided } = setting();
    expect(arrival.whyWait()).toBeNull();
    decided(300);
    pass(300);
    expect(arrival.whyWait()).toContain("not on the screen");
    patchClock(clock, { frame: 310 });
    expect(arrival.whyWait()).toBeNull();
  });

  test("a second press at once decides nothing, even where the picture is quick", () => {
    const { clock, arrival, pass, decided } = setting();
    decided(300);
    patchClock(clock, { frame: 310 });
    pass(80);
    expect(arrival.whyWait()).toContain("too fast");
    pass(200);
    expect(arrival.whyWait()).toBeNull();
  });

  test("the same frame number in the video before is not the picture", () => {
    const { clock, arrival, pass, show, decided } = setting();
    decided(300, "w");
    patchClock(clock, { frame: 310 });
    pass(300);
    expect(arrival.whyWait()).toContain("not on the screen");
    show("w");
    patchClock(clock, { waiting: true });
    expect(arrival.whyWait()).toContain("not on the screen");
    patchClock(clock, { waiting: false });
    expect(arrival.whyWait()).toBeNull();
  });

  test("what was seen once may be left for its surroundings", () => {
    const { clock, arrival, pass, decided } = setting();
    decided(300);
    patchClock(clock, { frame: 310 });
    patchClock(clock, { frame: 900 });
    pass(300);
    expect(arrival.whyWait()).toBeNull();
  });

  test("a picture that never comes holds nobody up for ever", () => {
    const { arrival, pass, decided } = setting();
    decided(300);
    pass(5000);
    expect(arrival.whyWait()).toBeNull();
  });
});
