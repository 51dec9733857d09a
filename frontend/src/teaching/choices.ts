import type { Detector, Run } from "../api/types";

/** Detector -> preset, of those that are to learn. */
export type Presets = Readonly<Record<string, string>>;

/** Presets that this server has all files for. */
export function usable(detector: Detector): string[] {
  return detector.presets
    .filter(({ weights_missing }) => weights_missing.length === 0)
    .map(({ name }) => name);
}

/** The run a new one would follow: the newest done one of the same detector and preset. */
export function parentOf(runs: readonly Run[], detector: string, preset: string | undefined): Run | null {
  const alike = runs.filter(
    (run) => run.detector === detector && run.preset === preset && run.stage === "done",
  );
  return alike.reduce<Run | null>(
    (newest, run) => (newest && newest.created_at >= run.created_at ? newest : run),
    null,
  );
}

/** To begin with: every detector that has been run here, by its last preset; else the first that could run. */
export function begin(detectors: readonly Detector[], runs: readonly Run[]): Presets {
  const able = detectors.filter((detector) => usable(detector).length > 0);
  const known = able.flatMap((detector) => {
    const candidates = usable(detector).flatMap((preset) => parentOf(runs, detector.name, preset) ?? []);
    const last = candidates.sort((a, b) => b.created_at.localeCompare(a.created_at))[0];
    return last ? [[detector.name, last.preset] as const] : [];
  });
  if (known.length > 0) return Object.fromEntries(known);
  const first = able[0];
  const preset = first && usable(first)[0];
  return first && preset ? { [first.name]: preset } : {};
}
