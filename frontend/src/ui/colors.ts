/** Colours that mean something. The same values live in tokens.css, for style sheets; these are for canvases too. */

export type Scheme = "light" | "dark";

const DETECTORS: Record<Scheme, readonly string[]> = {
  dark: ["#4cc9e0", "#b79bff", "#f281bd", "#c3d34f", "#e0a070", "#8fb0d6", "#7fd3a8", "#d6b8d0"],
  light: ["#09748a", "#6b46c1", "#b83280", "#657000", "#9a5318", "#3f6ba0", "#1d7350", "#87587c"],
};

/** The fixed colour of a run's detector: curve, legend, map and chips. Any index; it wraps. */
export function detectorColor(index: number): string {
  return `var(--detector-${detectorPlace(index)})`;
}

/** The same as a literal, for canvases, which cannot read variables. */
export function detectorColorLiteral(index: number, scheme: Scheme): string {
  return DETECTORS[scheme][detectorPlace(index)] ?? "#888888";
}

export function detectorPlace(index: number): number {
  const count = DETECTORS.dark.length;
  return ((Math.trunc(index) % count) + count) % count;
}

/** What a new label is coloured with, in the order of the keys 1-9. */
export const LABEL_COLORS = [
  "#e5484d",
  "#f2994a",
  "#d9a514",
  "#4caf6e",
  "#2aa6b8",
  "#4c8dff",
  "#9a6bff",
  "#e05aa8",
  "#8a959b",
] as const;
