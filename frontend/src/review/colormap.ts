/**
 * Colours of a heatmap: clear where nothing is unusual, then yellow, orange, red, magenta. Every colour is far in
 * lightness from grey footage by night and by day, and the order can be told without telling red from green.
 */
const STOPS: readonly (readonly [number, number, number, number, number])[] = [
  // value 0-1, red, green, blue, alpha 0-1
  [0, 255, 235, 120, 0],
  [0.2, 255, 232, 100, 0.02],
  [0.4, 255, 221, 60, 0.35],
  [0.6, 255, 160, 30, 0.62],
  [0.8, 240, 60, 40, 0.8],
  [1, 225, 0, 130, 0.92],
];

/** RGBA bytes for each of the 256 values of a map. */
export function heatColors(): Uint8ClampedArray {
  const table = new Uint8ClampedArray(256 * 4);
  for (let value = 0; value < 256; value += 1) {
    table.set(heatColor(value / 255), value * 4);
  }
  return table;
}

function heatColor(value: number): [number, number, number, number] {
  const above = Math.max(
    1,
    STOPS.findIndex(([at]) => at >= value),
  );
  const [from, to] = [STOPS[above - 1], STOPS[above]];
  if (!from || !to) return [0, 0, 0, 0];
  const part = (value - from[0]) / (to[0] - from[0]);
  const mix = (n: 1 | 2 | 3 | 4): number => from[n] + (to[n] - from[n]) * part;
  return [mix(1), mix(2), mix(3), mix(4) * 255];
}

/** The same as a CSS gradient, for the legend. */
export function heatGradient(): string {
  const parts = STOPS.map(
    ([at, red, green, blue, alpha]) => `rgb(${red} ${green} ${blue} / ${alpha}) ${at * 100}%`,
  );
  return `linear-gradient(to right, ${parts.join(", ")})`;
}
