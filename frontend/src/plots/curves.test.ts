import { expect, test } from "vitest";

import { toCurves } from "./curves";

test("every figure becomes a series over the epochs, with gaps where it was not measured", () => {
  expect(
    toCurves([
      { epoch: 1, loss: 0.5 },
      { epoch: 2, loss: 0.4, val: 0.6 },
    ]),
  ).toEqual({
    epochs: [1, 2],
    series: [
      { name: "loss", values: [0.5, 0.4] },
      { name: "val", values: [null, 0.6] },
    ],
  });
});

test("nothing measured, no curves", () => expect(toCurves([])).toEqual({ epochs: [], series: [] }));
