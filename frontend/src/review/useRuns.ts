import { useMemo, useState } from "react";

import { useRuns } from "../api/queries/runs";
import { useTracks } from "../api/queries/tracks";
import type { Run, Track, Uuid } from "../api/types";

/** The track whose threshold makes the segments. */
export const SCORE = "score";
/** The video's own reference curve: where the picture moves most. */
export const MOTION = "motion_strongest_cell";
/** The curve of all detectors together: of no run, and shown or hidden like that of another run. */
export const FUSED = "all_detectors";

const NONE: readonly never[] = [];

/** The run asked for, else the newest that has scored this video, else the newest under way. */
export function pickRun(runs: readonly Run[], video: Uuid, asked: Uuid | null): Run | null {
  const named = runs.find((run) => run.id === asked);
  if (named) return named;
  const scores = (run: Run): boolean => run.videos.some((one) => one.video === video && one.scores);
  const candidates = runs.filter(scores);
  return candidates.find((run) => run.stage === "done") ?? candidates[0] ?? null;
}

/** Runs of the project that have to do with this video, the chosen one, and whose curves are drawn. */
export function useReviewRuns(project: Uuid, video: Uuid, asked: Uuid | null) {
  const { data } = useRuns({ project });
  const [extra, setExtra] = useState<ReadonlySet<Uuid>>(new Set());
  const runs = data ?? NONE;
  const run = useMemo(() => pickRun(runs, video, asked), [runs, video, asked]);
  const missing = data !== undefined && asked !== null && !data.some((one) => one.id === asked);
  const { data: tracks } = useTracks(video);
  const shown = useMemo(() => new Set(run ? [run.id, ...extra] : extra), [run, extra]);
  const showRun = (id: Uuid, show: boolean): void =>
    setExtra((old) => {
      const changed = new Set(old);
      if (show) changed.add(id);
      else changed.delete(id);
      return changed;
    });
  return { runs, run, missing, known: data !== undefined, shown, showRun, tracks: tracks ?? NONE };
}

export type Curve = { track: Track; kind: "chosen" | "other" | "fused" | "motion"; color: number };

/** The curves to draw, the chosen run's last: it lies on top. */
export function curvesOf(
  tracks: readonly Track[],
  runs: readonly Run[],
  run: Run | null,
  shown: ReadonlySet<Uuid>,
): Curve[] {
  const motion = tracks.find((track) => track.run === null && track.name === MOTION);
  const scores = tracks.filter((track) => track.name === SCORE && track.run !== null && shown.has(track.run));
  const curves = scores.map((track): Curve => {
    const owner = runs.find((one) => one.id === track.run);
    return { track, kind: track.run === run?.id ? "chosen" : "other", color: owner?.color_index ?? 0 };
  });
  curves.sort((one, other) => Number(one.kind === "chosen") - Number(other.kind === "chosen"));
  const fused = shown.has(FUSED) ? tracks.find((track) => track.run === null && track.name === FUSED) : null;
  if (fused) curves.unshift({ track: fused, kind: "fused", color: 0 });
  return motion ? [{ track: motion, kind: "motion", color: 0 }, ...curves] : curves;
}
