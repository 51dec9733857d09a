import type { Run, RunStage } from "../api/types";

/** What a run is called: its own name, or the detector's. */
export function runName(run: Pick<Run, "name" | "detector_title" | "preset">): string {
  return run.name || `${run.detector_title} (${run.preset})`;
}

export const STAGE_NAMES: Record<RunStage, string> = {
  queued: "Waiting",
  training: "Learning",
  scoring: "Scoring",
  done: "Done",
  failed: "Failed",
  cancelled: "Cancelled",
};
