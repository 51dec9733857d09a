import { createContext, useContext } from "react";

import type { Project, Run, Segment, Track, Uuid, Verdict, Video } from "../api/types";
import type { Timebase } from "../lib/frames";
import type { Acts } from "./acts";
import type { Item, Opinion } from "./items";
import type { Outbox } from "./outbox";
import type { Tools } from "./tools";

export type Narrow = { label: string | null; reviewer: Uuid | null };

export type Queue = {
  items: readonly Item[];
  /** items without a decision of mine: of the run, and of this video */
  left: number | null;
  leftHere: number | null;
  loading: boolean;
  error: unknown;
  retry: () => void;
  more: (() => void) | null;
  /** accepted with this label, decided by this person; null: any */
  narrow: Narrow;
  setNarrow: (narrow: Narrow) => void;
  search: string;
  setSearch: (text: string) => void;
};

/** The desk as it is now: one video, one run, what is known about them, and the verbs. */
export type Session = {
  project: Project;
  video: Video;
  timebase: Timebase;
  runs: readonly Run[];
  run: Run | null;
  /** the link names a run that is not in this project (any more); another is shown, and that is said */
  runMissing: boolean;
  /** runs whose curves are drawn beside the chosen one's */
  shown: ReadonlySet<string>;
  tracks: readonly Track[];
  segments: readonly Segment[];
  /** what lies on the lanes of this video, by time */
  items: readonly Item[];
  selected: Item | null;
  opinion: Opinion;
  queue: Queue;
  mayDecide: boolean;
  /** a manager: their decision ends a disagreement */
  maySettle: boolean;
  outbox: Outbox;
  tools: Tools;
  acts: Acts;
  chooseRun: (run: string) => void;
  showRun: (run: string, shown: boolean) => void;
  /** verdicts given otherwise than through the acts (many at once): show them */
  listen: (verdicts: readonly Verdict[]) => void;
};

export const SessionContext = createContext<Session | null>(null);

export function useReviewSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error("useReviewSession outside of the review desk");
  return session;
}
