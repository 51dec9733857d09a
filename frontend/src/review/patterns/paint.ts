import type { Palette } from "../timeline/palette";
import { detectorColorLiteral } from "../../ui/colors";
import type { Lens, Points } from "./points";

export type ColorBy = "score" | "label" | "video";

/** What people think of a window, as the server says it: a digit a window. */
export const STATES = ["open", "unsure", "normal", "abnormal"] as const;
export type WindowState = (typeof STATES)[number];

export const STATE_WORDS: Record<WindowState, string> = {
  open: "nobody decided",
  unsure: "unsure",
  normal: "normal (rejected)",
  abnormal: "abnormal (accepted)",
};

const SHADES = 24;

/** How far a score stands out: 0 at the run's median, 1 at its threshold, as severities count. */
export function strangeness(score: number, centre: number, threshold: number): number {
  return threshold > centre ? Math.max(0, (score - centre) / (threshold - centre)) : 1;
}

/** The colours of scores from usual to far beyond the threshold; 3 thresholds and more look the same. */
export function ramp(palette: Palette): string[] {
  const stops: [number, string][] = [
    [0, palette.usual],
    [1, palette.severity.low],
    [1.5, palette.severity.medium],
    [3, palette.severity.high],
  ];
  return Array.from({ length: SHADES }, (_, n) => {
    const at = (n / (SHADES - 1)) * 3;
    const above = Math.max(
      1,
      stops.findIndex(([place]) => place >= at),
    );
    const [from, one] = stops[above - 1] ?? stops[0] ?? [0, "#888888"];
    const [to, other] = stops[above] ?? [3, palette.severity.high];
    return mixed(one, other, (at - from) / (to - from));
  });
}

export function shadeOf(strange: number): number {
  return Math.min(SHADES - 1, Math.round((Math.min(strange, 3) / 3) * (SHADES - 1)));
}

function mixed(one: string, other: string, part: number): string {
  const channels = [1, 3, 5].map((at) => {
    const from = parseInt(one.slice(at, at + 2), 16);
    const to = parseInt(other.slice(at, at + 2), 16);
    return Math.round(from + (to - from) * part);
  });
  return `rgb(${channels.join(" ")})`;
}

export type Look = {
  by: ColorBy;
  states: string | null;
  centre: number;
  threshold: number;
};

/** Points by colour, what is rare last: it lies on top. */
export function layersOf(
  points: Points,
  look: Look,
  palette: Palette,
): { color: string; shape: WindowState; places: number[] }[] {
  const { by, states } = look;
  if (by === "label") {
    const colors: Record<WindowState, string> = {
      open: palette.usual,
      unsure: palette.states.unsure,
      normal: palette.states.adjusted,
      abnormal: palette.severity.high,
    };
    const places = STATES.map((): number[] => []);
    for (let n = 0; n < points.count; n += 1) places[Number(states?.[n] ?? 0)]?.push(n);
    return STATES.map((shape, n) => ({ color: colors[shape], shape, places: places[n] ?? [] }));
  }
  if (by === "video") {
    const places = points.videos.map((): number[] => []);
    for (let n = 0; n < points.count; n += 1) places[points.video[n] ?? 0]?.push(n);
    return places.map((mine, n) => ({
      color: detectorColorLiteral(n, palette.scheme),
      shape: "open",
      places: mine,
    }));
  }
  const shades = ramp(palette);
  const places = shades.map((): number[] => []);
  for (let n = 0; n < points.count; n += 1) {
    places[shadeOf(strangeness(points.score[n] ?? 0, look.centre, look.threshold))]?.push(n);
  }
  return shades.map((color, n) => ({ color, shape: "open", places: places[n] ?? [] }));
}

type Context = CanvasRenderingContext2D;

/** Draw all points. 20,000 are drawn in a few milliseconds: one path a colour. */
export function paint(
  context: Context,
  points: Points,
  lens: Lens,
  look: Look,
  palette: Palette,
  size: number,
): void {
  for (const { color, shape, places } of layersOf(points, look, palette)) {
    if (places.length === 0) continue;
    context.beginPath();
    for (const place of places) {
      const x = (points.x[place] ?? 0) * lens.scale + lens.dx;
      const y = (points.y[place] ?? 0) * lens.scale + lens.dy;
      mark(context, shape, x, y, size);
    }
    context.fillStyle = color;
    context.fill();
  }
}

/** Never colour alone: people's words have a shape, too. */
function mark(context: Context, shape: WindowState, x: number, y: number, size: number): void {
  if (shape === "open") {
    context.rect(x - size / 2, y - size / 2, size, size);
    return;
  }
  const half = size + 1.5;
  if (shape === "abnormal") {
    context.moveTo(x, y - half);
    context.lineTo(x + half, y + half);
    context.lineTo(x - half, y + half);
  } else if (shape === "normal") {
    context.moveTo(x + half, y);
    context.arc(x, y, half, 0, 2 * Math.PI);
  } else {
    context.moveTo(x, y - half);
    context.lineTo(x + half, y);
    context.lineTo(x, y + half);
    context.lineTo(x - half, y);
  }
  context.closePath();
}
