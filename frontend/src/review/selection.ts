import type { Segment, Uuid } from "../api/types";

/** What was selected on the map of patterns: the queue shows these items alone until it is cleared. */
export type Selection = {
  run: Uuid;
  /** proposals that meet the selected windows; `segments` holds the strangest of them */
  count: number;
  segments: readonly Segment[];
  windows: number;
  /** places of the windows on the map */
  places: ReadonlySet<number>;
};
