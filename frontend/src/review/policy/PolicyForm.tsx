import { NativeSelect, NumberInput, Stack, Text } from "@mantine/core";

import type { Policy, PolicyMethod, Run, SavedPolicy } from "../../api/types";
import { useStore } from "../../lib/store";
import {
  POLICY_DEFAULTS,
  POLICY_METHODS,
  POLICY_NUMBERS,
  valueRange,
  withMethod,
} from "../../settings/policy";
import classes from "./policy.module.css";
import { useReviewSession } from "../session";
import type { Tuner } from "../useTrial";
import { SavedPolicies } from "./SavedPolicies";

/** How scores become items. Every change is tried at once; the bar shows what it would mean. */
export function PolicyForm({
  tuner,
  run,
  onApply,
}: {
  tuner: Tuner;
  run: Run;
  onApply: (saved: SavedPolicy) => void;
}) {
  const { tools } = useReviewSession();
  const trial = useStore(tools.trial, (value) => value);
  const policy: Policy = { ...POLICY_DEFAULTS, ...(trial?.tuning.policy ?? run.policy) };
  const threshold = trial ? (trial.tuning.threshold ?? trial.preview?.threshold ?? null) : run.threshold;
  const byHand = trial?.tuning.threshold ?? null;
  const method = POLICY_METHODS.find((one) => one.value === policy.method);
  const range = valueRange(policy.method);
  const number = (value: number | string): number | null => (typeof value === "number" ? value : null);
  return (
    <Stack gap={8} data-testid="policy">
      <SavedPolicies tuner={tuner} run={run} tuning={{ policy, threshold: byHand }} onApply={onApply} />
      <NativeSelect
        size="xs"
        label="Threshold"
        description={method?.about}
        data={POLICY_METHODS.map(({ value, label }) => ({ value, label }))}
        value={policy.method}
        onChange={(event) => {
          const changed = withMethod(policy, event.currentTarget.value as PolicyMethod);
          // a score to begin with: the one the line is at
          const value = changed.method === "fixed" ? (threshold ?? changed.value) : changed.value;
          tuner.tryPolicy({ ...changed, value }, null);
        }}
      />
      <div className={classes.policy}>
        <NumberInput
          size="xs"
          label={method?.valueLabel ?? "Value"}
          title={range.about}
          value={policy.value}
          step={range.step}
          {...(range.minimum === null ? {} : { min: range.minimum })}
          {...(range.maximum === null ? {} : { max: range.maximum })}
          decimalScale={5}
          onChange={(value) => {
            const wanted = number(value);
            if (wanted !== null) tuner.tryPolicy({ ...policy, value: wanted }, null);
          }}
        />
        <NumberInput
          size="xs"
          label="Line at the score"
          title="The line on the curve, which can also be dragged"
          value={threshold ?? ""}
          decimalScale={5}
          step={Math.abs(threshold ?? 1) / 50 || 0.01}
          onChange={(value) => {
            const wanted = number(value);
            if (wanted !== null && wanted !== threshold) tuner.tryThreshold(wanted);
          }}
        />
        {POLICY_NUMBERS.map(({ name, label, about, unit, maximum, step }) => (
          <NumberInput
            key={name}
            size="xs"
            label={label}
            title={about}
            value={policy[name]}
            min={0}
            max={maximum}
            step={step}
            decimalScale={3}
            suffix={unit ? ` ${unit}` : ""}
            onChange={(value) => {
              const wanted = number(value);
              if (wanted === null) return;
              // other smoothing makes other scores, for which the policy finds its threshold anew
              tuner.tryPolicy(
                { ...policy, [name]: wanted },
                name === "smooth_sigma_frames" ? byHand : threshold,
              );
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
