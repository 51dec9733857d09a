import { Button, Group, NativeSelect, NumberInput, Stack, Text } from "@mantine/core";
import { useState } from "react";

import { useDetectors } from "../api/queries/detectors";
import { useChangeProject } from "../api/queries/projects";
import type { Policy, PolicyMethod, Project } from "../api/types";
import { fieldError, hasOtherFields } from "../lib/errors";
import { FormError } from "../ui/FormError";
import { notifyDone } from "../ui/notify";
import { POLICY_DEFAULTS, POLICY_METHODS, POLICY_NUMBERS, valueRange, withMethod } from "./policy";
import classes from "./settings.module.css";

// the words below the fields, so that the fields of one row stand on one line
const ORDER: ("label" | "input" | "description" | "error")[] = ["label", "input", "description", "error"];
const FIELDS = ["method", "value", ...POLICY_NUMBERS.map(({ name }) => name)];

/** How scores become segments when a run is done. The desk can change it for one run, or for a detector. */
export function PolicyForm({ project }: { project: Project }) {
  const change = useChangeProject(project.id);
  const [policy, setPolicy] = useState<Policy>({ ...POLICY_DEFAULTS, ...project.policy });
  const method = POLICY_METHODS.find(({ value }) => value === policy.method);
  const range = valueRange(policy.method);
  const isDefault = JSON.stringify(policy) === JSON.stringify(POLICY_DEFAULTS);
  const errorOf = (name: string) => fieldError(change.error, name);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        change.mutate(
          { policy },
          { onSuccess: () => notifyDone("The threshold policy is saved. New runs use it.") },
        );
      }}
    >
      <Stack gap="md">
        <div className={classes.policy}>
          <NativeSelect
            label="Threshold"
            inputWrapperOrder={ORDER}
            description={method?.about}
            value={policy.method}
            error={errorOf("method")}
            data={POLICY_METHODS.map(({ value, label }) => ({ value, label }))}
            onChange={(event) => setPolicy(withMethod(policy, event.currentTarget.value as PolicyMethod))}
          />
          <NumberInput
            inputWrapperOrder={ORDER}
            label={method?.valueLabel ?? "Value"}
            description={range.about}
            decimalScale={6}
            step={range.step}
            {...(range.minimum === null ? {} : { min: range.minimum })}
            {...(range.maximum === null ? {} : { max: range.maximum })}
            value={policy.value}
            error={errorOf("value")}
            onChange={(value) => setPolicy({ ...policy, value: Number(value) })}
          />
          {POLICY_NUMBERS.map((number) => (
            <NumberInput
              key={number.name}
              inputWrapperOrder={ORDER}
              label={number.label}
              description={number.about}
              min={0}
              max={number.maximum}
              step={number.step}
              decimalScale={3}
              suffix={number.unit ? ` ${number.unit}` : ""}
              value={policy[number.name]}
              error={errorOf(number.name)}
              onChange={(value) => setPolicy({ ...policy, [number.name]: Number(value) })}
            />
          ))}
        </div>
        <OwnPolicies project={project} />
        <Text size="sm" c="dimmed">
          Runs that are done keep their segments until somebody applies a policy to them on the review desk.
        </Text>
        {change.isError && hasOtherFields(change.error, FIELDS) && <FormError error={change.error} />}
        <Group gap="xs">
          <Button type="submit" loading={change.isPending}>
            Save policy
          </Button>
          <Button variant="default" disabled={isDefault} onClick={() => setPolicy(POLICY_DEFAULTS)}>
            Back to the defaults
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

/** Detectors whose new runs begin with a policy of their own, saved on the review desk. */
function OwnPolicies({ project }: { project: Project }) {
  const change = useChangeProject(project.id);
  const { data: detectors } = useDetectors();
  const own = Object.entries(project.detector_policies);
  if (own.length === 0) return null;
  const forget = (detector: string): void =>
    change.mutate({
      detector_policies: Object.fromEntries(own.filter(([name]) => name !== detector)),
    });
  return (
    <Stack gap={6}>
      <Text size="sm" fw={600}>
        Detectors with a policy of their own
      </Text>
      {own.map(([detector, policy]) => {
        const title = detectors?.find(({ name }) => name === detector)?.title ?? detector;
        const method = POLICY_METHODS.find(({ value }) => value === policy.method)?.label ?? "";
        return (
          <Group key={detector} gap="sm">
            <Text size="sm">
              {title}: {policy.value} {method && `(${method.toLowerCase()})`}
            </Text>
            <Button
              size="compact-xs"
              variant="default"
              loading={change.isPending}
              onClick={() => forget(detector)}
            >
              Use the project’s policy again
            </Button>
          </Group>
        );
      })}
      {change.isError && <FormError error={change.error} />}
    </Stack>
  );
}
