/** detectors.segments.Policy, as a form shows it. The server checks it again. */

import type { Policy, PolicyMethod } from "../api/types";

export const POLICY_DEFAULTS: Policy = {
  method: "mad",
  value: 3,
  smooth_sigma_frames: 3,
  hysteresis: 0.3,
  merge_gap_s: 1,
  min_length_s: 0.4,
  pad_s: 0,
};

type Method = { value: PolicyMethod; label: string; valueLabel: string; about: string; usual: number };

export const POLICY_METHODS: readonly Method[] = [
  {
    value: "mad",
    label: "Robust deviations above the median",
    valueLabel: "Deviations",
    about: "Hardly moved by the anomalies themselves. A good first choice.",
    usual: 3,
  },
  {
    value: "quantile",
    label: "A share of all frames stays below",
    valueLabel: "Share of frames",
    about: "Always marks about the same amount of footage, however ordinary it is.",
    usual: 0.99,
  },
  {
    value: "mean_std",
    label: "Deviations above the mean",
    valueLabel: "Deviations",
    about: "Long anomalies pull the threshold up.",
    usual: 3,
  },
  {
    value: "fixed",
    label: "A fixed score",
    valueLabel: "Score",
    about: "Only comparable between runs of one detector.",
    usual: 1,
  },
];

type PolicyNumber = {
  name: "smooth_sigma_frames" | "hysteresis" | "merge_gap_s" | "min_length_s" | "pad_s";
  label: string;
  about: string;
  unit: string;
  maximum: number;
  step: number;
};

export const POLICY_NUMBERS: readonly PolicyNumber[] = [
  {
    name: "smooth_sigma_frames",
    label: "Smoothing",
    about: "Width of the bell that smooths the scores. 0: none.",
    unit: "frames",
    maximum: 125,
    step: 1,
  },
  {
    name: "hysteresis",
    label: "Growth below the threshold",
    about: "0: not at all. 0.5: half the way down to the median.",
    unit: "",
    maximum: 0.999,
    step: 0.05,
  },
  {
    name: "merge_gap_s",
    label: "Merge gaps shorter than",
    about: "Two segments become one.",
    unit: "s",
    maximum: 600,
    step: 0.5,
  },
  {
    name: "min_length_s",
    label: "Drop segments shorter than",
    about: "Too short to be an event.",
    unit: "s",
    maximum: 600,
    step: 0.1,
  },
  {
    name: "pad_s",
    label: "Widen both ends by",
    about: "Context before and after.",
    unit: "s",
    maximum: 60,
    step: 0.5,
  },
];

export function valueRange(method: PolicyMethod): {
  minimum: number | null;
  maximum: number | null;
  step: number;
  about: string;
} {
  switch (method) {
    case "quantile":
      return {
        minimum: 0,
        maximum: 1,
        step: 0.005,
        about: "Above 0 and below 1: 0.99 marks 1 % of the frames",
      };
    case "mad":
    case "mean_std":
      return { minimum: 0, maximum: 100, step: 0.5, about: "0 to 100: higher marks less" };
    case "fixed":
      return { minimum: null, maximum: null, step: 0.1, about: "Any score" };
  }
}

/** Another method gives `value` another meaning, so it begins at what is usual there. */
export function withMethod(policy: Policy, method: PolicyMethod): Policy {
  if (method === policy.method) return policy;
  const usual = POLICY_METHODS.find(({ value }) => value === method)?.usual ?? policy.value;
  return { ...policy, method, value: usual };
}
