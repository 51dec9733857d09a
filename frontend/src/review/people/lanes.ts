import type { PersonLane } from "../../api/queries/people";
import { xAt, type View } from "../timeline/view";

export const ROW = 9;
const GAP_PX = 3;

/** Rows of people who do not meet on the screen: each takes the first row that is free when they come. */
export function packed(people: readonly PersonLane[], view: View, width: number): PersonLane[][] {
  const rows: { end: number; people: PersonLane[] }[] = [];
  for (const person of people) {
    const from = xAt(view, person.first, width);
    const free = rows.find(({ end }) => end + GAP_PX <= from) ?? { end: 0, people: [] };
    if (free.people.length === 0) rows.push(free);
    free.people.push(person);
    free.end = xAt(view, person.stop, width);
  }
  return rows.map((row) => row.people);
}

/** The span to ask for: somewhat more than what is seen, on round frames, so that panning asks rarely. */
export function spanToAsk(view: View, total: number): { start: number; stop: number } {
  const size = Math.max(view.stop - view.start, 1);
  const step = 2 ** Math.ceil(Math.log2(size));
  const start = Math.floor(view.start / step) * step;
  return { start: Math.max(0, start), stop: Math.min(total, (Math.floor(view.stop / step) + 1) * step) };
}

/** Who lies under the pointer, and the frame it points at. */
export function personAt(
  rows: readonly PersonLane[][],
  place: { x: number; y: number },
  view: View,
  width: number,
): PersonLane | null {
  const row = rows[Math.floor(place.y / ROW)] ?? [];
  return (
    row.find(
      (person) =>
        place.x >= xAt(view, person.first, width) - GAP_PX &&
        place.x <= xAt(view, person.stop, width) + GAP_PX,
    ) ?? null
  );
}
