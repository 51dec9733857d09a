import { expect, test } from "vitest";

import { itemOfSpan } from "../items";
import { LaneIndex } from "./laneIndex";

const video = { id: "v", name: "v.mp4" };

function spans(...list: [number, number][]) {
  return list.map(([start, stop]) =>
    itemOfSpan(`${start}`, video, {
      decision: "accept",
      start,
      stop,
      labels: [],
      reason: "",
      comment: "",
      saved: true,
    }),
  );
}

const found = (index: LaneIndex, start: number, stop: number) =>
  index.within(start, stop).map((item) => item.subject);

test("a view holds what begins in it, reaches into it or spans it", () => {
  const index = new LaneIndex(spans([0, 1000], [10, 20], [300, 320], [500, 510], [990, 1200]));
  expect(found(index, 305, 400)).toEqual(["0", "300"]);
  expect(found(index, 1100, 1150)).toEqual(["990"]);
  expect(found(index, 2000, 3000)).toEqual([]);
});

test("it finds the same as looking at every one of thousands", () => {
  let seed = 7;
  const random = (): number => (seed = (seed * 16807) % 2147483647) / 2147483647;
  const list = Array.from({ length: 3000 }, (): [number, number] => {
    const start = Math.floor(random() * 1e6);
    return [start, start + 1 + Math.floor(random() ** 8 * 5e4)];
  });
  const index = new LaneIndex(spans(...list));
  for (let n = 0; n < 50; n += 1) {
    const [start, stop] = [random() * 1e6, 0];
    const end = Math.max(start + random() * 2e4, stop);
    const expected = list.filter((one) => one[1] >= start && one[0] <= end).length;
    expect(found(index, start, end)).toHaveLength(expected);
  }
});
