/** Below this many deviations a figure is as usual. */
const USUAL = 1;

export function standsOut(value: number): boolean {
  return value >= USUAL;
}

/** How far a figure lies from its mean, in words. */
export function deviations(value: number): string {
  const size = Math.abs(value);
  if (size < 0.05) return "at its mean";
  return `${size.toFixed(1)} deviations ${value > 0 ? "above" : "below"} its mean`;
}

export function percent(share: number): string {
  return `${Math.round(share * 100)}%`;
}
