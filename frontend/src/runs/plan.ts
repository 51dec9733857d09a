/** What the form for a new run holds, and the requests it comes to. Pure: the form only draws it. */

import { uuid } from "../lib/uuid";
import type {
  Detector,
  EstimateRequest,
  NewRunMode,
  Preset,
  Run,
  RunRequest,
  Uuid,
  Video,
} from "../api/types";
import { type Drafts, type Overrides, overridesOf, readSettings, toDraft } from "./settings";

export type Choice = { preset: string; drafts: Drafts; clientKey: Uuid };

export type Footage = { mode: NewRunMode; train: ReadonlySet<Uuid>; score: ReadonlySet<Uuid> };

/** The preset that a detector's choice stands on; the first one if the name is not known. */
export function presetOf(detector: Detector, choice: Pick<Choice, "preset">): Preset | undefined {
  return detector.presets.find(({ name }) => name === choice.preset) ?? detector.presets[0];
}

export function overridesFor(detector: Detector, choice: Choice): Overrides {
  return overridesOf(readSettings(detector.schema), presetOf(detector, choice)?.config ?? {}, choice.drafts);
}

/** Pretrained files that this choice needs and the server does not have. */
export function missingWeights(detector: Detector, choice: Pick<Choice, "preset">): readonly string[] {
  return presetOf(detector, choice)?.weights_missing ?? detector.weights_missing;
}

/** To begin with: learn from everything and score everything. */
export function allFootage(ready: readonly Video[]): Footage {
  const ids = new Set(ready.map(({ id }) => id));
  return { mode: "merged", train: ids, score: ids };
}

/** A run's settings and footage, as far as they are still there, to begin another one from. */
export function fromRun(
  run: Run,
  detector: Detector,
  ready: readonly Video[],
): { choice: Choice; footage: Footage } {
  const settings = readSettings(detector.schema).filter(({ name }) => name in run.overrides);
  const drafts = Object.fromEntries(settings.map((one) => [one.name, toDraft(one, run.overrides[one.name])]));
  const idsOf = (role: "trains" | "scores") => {
    const used = new Set(run.videos.filter((row) => row[role]).map(({ video }) => video));
    return new Set(ready.filter(({ id }) => used.has(id)).map(({ id }) => id));
  };
  return {
    choice: { preset: run.preset, drafts, clientKey: uuid() },
    footage: {
      mode: run.mode === "merged" ? "merged" : "partial",
      train: idsOf("trains"),
      score: idsOf("scores"),
    },
  };
}

/** Everything chosen is sent as null, "all that is ready", so that footage which comes in meanwhile counts too. */
export function chosen(ids: ReadonlySet<Uuid>, ready: readonly Video[]): Uuid[] | null {
  return ready.every(({ id }) => ids.has(id))
    ? null
    : ready.filter(({ id }) => ids.has(id)).map(({ id }) => id);
}

export function footageProblem(footage: Footage, ready: readonly Video[]): string | null {
  if (ready.length === 0) return "No video is ready yet. Wait until the footage has been read.";
  if (!ready.some(({ id }) => footage.train.has(id))) return "Choose at least one video to learn from.";
  if (!ready.some(({ id }) => footage.score.has(id))) return "Choose at least one video to score.";
  return null;
}

export function estimateRequest(
  project: Uuid,
  detector: Detector,
  choice: Choice,
  footage: Footage,
  ready: readonly Video[],
): EstimateRequest {
  const train = chosen(footage.train, ready);
  return {
    project,
    detector: detector.name,
    preset: presetOf(detector, choice)?.name ?? choice.preset,
    overrides: overridesFor(detector, choice).values,
    mode: footage.mode,
    // in this mode the server wants the list itself
    train_videos: footage.mode === "partial" && train === null ? [...footage.train] : train,
    score_videos: footage.mode === "partial" ? [...footage.score] : chosen(footage.score, ready),
  };
}

export type Details = { name: string; seed: number; device: RunRequest["device"] };

export function runRequest(estimate: EstimateRequest, choice: Choice, details: Details): RunRequest {
  return { ...estimate, ...details, client_key: choice.clientKey };
}
