import type { Run } from "../../api/types";

/** What the ends of the colours stand for; the same for every video of a run, so that a colour means one thing. */
export type Scale = { low: number; high: number };

/** The scale of a run: from what is usual to what hardly ever is, over all its videos. Null: it knows no people. */
export function scaleOfPeople(run: Run): Scale | null {
  let found: Scale | null = null;
  for (const { people } of run.videos) {
    if (!people) continue;
    found = found
      ? { low: Math.min(found.low, people.low), high: Math.max(found.high, people.high) }
      : { low: people.low, high: people.high };
  }
  return found;
}

/** How strange, from 0 to 1. */
export function strangeness(score: number, { low, high }: Scale): number {
  return Math.min(Math.max((score - low) / Math.max(high - low, 1e-9), 0), 1);
}

const STOPS: readonly (readonly [number, number, number])[] = [
  [150, 196, 255],
  [255, 214, 102],
  [255, 128, 40],
  [240, 30, 90],
];

/** Pale blue, yellow, orange, red: told apart in lightness too, and by the width of what is drawn. */
export function colorOf(strange: number): string {
  const place = Math.min(Math.max(strange, 0), 1) * (STOPS.length - 1);
  const from = STOPS[Math.floor(place)] ?? STOPS[0];
  const to = STOPS[Math.ceil(place)] ?? from;
  const part = place - Math.floor(place);
  const mix = (n: 0 | 1 | 2): number =>
    Math.round((from?.[n] ?? 0) + ((to?.[n] ?? 0) - (from?.[n] ?? 0)) * part);
  return `rgb(${mix(0)} ${mix(1)} ${mix(2)})`;
}
