import type { HistoryPoint } from "../api/types";

export type Curves = {
  epochs: readonly number[];
  series: readonly { name: string; values: readonly (number | null)[] }[];
};

/** The history of a training as columns: every figure that was measured, in the order it first appeared. */
export function toCurves(history: readonly HistoryPoint[]): Curves {
  const names = [...new Set(history.flatMap((point) => Object.keys(point)))].filter(
    (name) => name !== "epoch",
  );
  const numeric = names.filter((name) => history.some((point) => typeof point[name] === "number"));
  return {
    epochs: history.map((point, place) => point.epoch ?? place + 1),
    series: numeric.map((name) => ({ name, values: history.map((point) => point[name] ?? null) })),
  };
}
