import { NumberInput, Select, Stack, Text } from "@mantine/core";

import type { Policy, Run } from "../api/types";
import { useStore } from "../lib/store";
import { useReviewSession } from "./session";
import type { Tuner } from "./useTrial";

/** The defaults of detectors.segments.Policy: what a policy that leaves a field out means. */
const DEFAULTS: Policy = {
  method: "mad",
  value: 3,
  smooth_sigma_frames: 3,
  hysteresis: 0.3,
  merge_gap_s: 1,
  min_length_s: 0.4,
  pad_s: 0,
};

const METHODS: { value: Policy["method"]; label: string; hint: string; start: number }[] = [
  {
    value: "mad",
    label: "Median + deviations",
    hint: "Robust standard deviations above the median",
    start: 3,
  },
  {
    value: "quantile",
    label: "Share of frames",
    hint: "The score this share of all frames stays under",
    start: 0.98,
  },
  { value: "mean_std", label: "Mean + deviations", hint: "Standard deviations above the mean", start: 3 },
  { value: "fixed", label: "A score", hint: "The score itself, as on the curve", start: 0 },
];

type NumberField = Exclude<keyof Policy, "method" | "value">;
const FIELDS: {
  name: NumberField;
  label: string;
  hint: string;
  step: number;
  max: number;
  suffix: string;
}[] = [
  {
    name: "smooth_sigma_frames",
    label: "Smoothing",
    hint: "Evens out the curve; 0 is none",
    step: 1,
    max: 125,
    suffix: " frames",
  },
  {
    name: "hysteresis",
    label: "Hysteresis",
    hint: "How far an item grows below the threshold",
    step: 0.05,
    max: 0.99,
    suffix: "",
  },
  {
    name: "merge_gap_s",
    label: "Merge gap",
    hint: "Items closer than this become one",
    step: 0.5,
    max: 600,
    suffix: " s",
  },
  {
    name: "min_length_s",
    label: "Minimum length",
    hint: "Shorter items are dropped",
    step: 0.1,
    max: 600,
    suffix: " s",
  },
  { name: "pad_s", label: "Padding", hint: "Added before and after", step: 0.5, max: 60, suffix: " s" },
];

/** How scores become items. Every change is tried at once; the bar shows what it would mean. */
export function PolicyForm({ tuner, run }: { tuner: Tuner; run: Run }) {
  const { tools } = useReviewSession();
  const trial = useStore(tools.trial, (value) => value);
  const policy: Policy = { ...DEFAULTS, ...(trial?.tuning.policy ?? run.policy) };
  const threshold = trial ? (trial.tuning.threshold ?? trial.preview?.threshold ?? null) : run.threshold;
  const placed = trial ? trial.tuning.threshold : run.threshold;
  const method = METHODS.find((one) => one.value === policy.method);
  const number = (value: number | string): number | null => (typeof value === "number" ? value : null);
  return (
    <Stack gap={8} data-testid="policy">
      <Select
        size="xs"
        label="Threshold by"
        description={method?.hint}
        data={METHODS.map(({ value, label }) => ({ value, label }))}
        value={policy.method}
        allowDeselect={false}
        comboboxProps={{ withinPortal: false }}
        onChange={(value) => {
          const chosen = METHODS.find((one) => one.value === value);
          if (!chosen) return;
          const start = chosen.value === "fixed" ? (threshold ?? 0) : chosen.start;
          tuner.tryPolicy({ ...policy, method: chosen.value, value: start }, null);
        }}
      />
      <div style={{ display: "grid", gridTemplateColumns: "1fr 1fr", gap: 8 }}>
        <NumberInput
          size="xs"
          label={policy.method === "fixed" ? "Score" : "Value"}
          value={policy.value}
          step={policy.method === "quantile" ? 0.005 : 0.5}
          decimalScale={4}
          onChange={(value) => {
            const wanted = number(value);
            if (wanted !== null) tuner.tryPolicy({ ...policy, value: wanted }, null);
          }}
        />
        <NumberInput
          size="xs"
          label="Threshold"
          value={threshold ?? ""}
          decimalScale={5}
          step={Math.abs(threshold ?? 1) / 50 || 0.01}
          onChange={(value) => {
            const wanted = number(value);
            if (wanted !== null && wanted !== threshold) tuner.tryThreshold(wanted);
          }}
        />
        {FIELDS.map(({ name, label, hint, step, max, suffix }) => (
          <NumberInput
            key={name}
            size="xs"
            label={label}
            title={hint}
            value={policy[name]}
            min={0}
            max={max}
            step={step}
            decimalScale={3}
            suffix={suffix}
            onChange={(value) => {
              const wanted = number(value);
              if (wanted !== null) tuner.tryPolicy({ ...policy, [name]: wanted }, placed);
            }}
          />
        ))}
      </div>
      <Text size="xs" c="dimmed">
        Nothing changes before you press Apply. Items whose edges stay the same keep their verdicts, and no
        verdict is ever lost.
      </Text>
    </Stack>
  );
}
