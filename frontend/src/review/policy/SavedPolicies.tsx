import { ActionIcon, Button, Group, NativeSelect, TextInput } from "@mantine/core";
import { Trash2 } from "lucide-react";
import { useState } from "react";

import {
  useDeletePolicy,
  usePolicyChanges,
  useSavedPolicies,
  useSavePolicy,
} from "../../api/queries/policies";
import { isActive } from "../../api/polling";
import type { Policy, Run, SavedPolicy } from "../../api/types";
import { errorSentence } from "../../lib/errors";
import { confirm } from "../../ui/confirm";
import { may } from "../../ui/projectContext";
import { useReviewSession } from "../session";
import { say, type Tuning } from "../tools";
import type { Tuner } from "../useTrial";
import classes from "./policy.module.css";
import { PolicyProgress } from "./PolicyProgress";

const OTHER = "";

/** Policies of the project by name: take one, keep the one at hand, or apply one to other runs. */
export function SavedPolicies({
  tuner,
  run,
  tuning,
  onApply,
}: {
  tuner: Tuner;
  run: Run;
  tuning: Tuning;
  onApply: (saved: SavedPolicy) => void;
}) {
  const { project, mayDecide } = useReviewSession();
  const { data: saved = [] } = useSavedPolicies(project.id);
  const chosen =
    tuning.threshold === null ? saved.find((one) => isSame(one.policy, tuning.policy)) : undefined;
  const { data: changes } = usePolicyChanges(project.id);
  const active = changes?.find((one) => isActive(one.job));
  return (
    <>
      {active && <PolicyProgress change={active} />}
      {saved.length > 0 && (
        <div className={classes.saved}>
          <NativeSelect
            size="xs"
            label="Saved policy"
            value={chosen?.id ?? OTHER}
            data={[
              { value: OTHER, label: "None of the saved" },
              ...saved.map((one) => ({ value: one.id, label: one.name })),
            ]}
            onChange={(event) => {
              const taken = saved.find((one) => one.id === event.currentTarget.value);
              if (taken) tuner.tryPolicy(taken.policy, null);
            }}
          />
          {chosen && may(project, "manager") && (
            <>
              <Button size="xs" variant="default" onClick={() => onApply(chosen)}>
                Apply to runs
              </Button>
              <Delete policy={chosen} />
            </>
          )}
        </div>
      )}
      {mayDecide && !chosen && <SaveAs run={run} tuning={tuning} />}
    </>
  );
}

function Delete({ policy }: { policy: SavedPolicy }) {
  const { project } = useReviewSession();
  const remove = useDeletePolicy(project.id);
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      size={30}
      aria-label={`Delete the policy ${policy.name}`}
      title="Delete this saved policy"
      onClick={() =>
        confirm({
          title: `Delete the policy “${policy.name}”?`,
          body: "Runs keep the items that it proposed. Only the name and its settings go.",
          action: "Delete policy",
          run: () => remove.mutateAsync(policy.id),
        })
      }
    >
      <Trash2 size={15} aria-hidden />
    </ActionIcon>
  );
}

function SaveAs({ run, tuning }: { run: Run; tuning: Tuning }) {
  const { project, tools } = useReviewSession();
  const save = useSavePolicy(project.id);
  const [name, setName] = useState("");
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (!name.trim() || save.isPending) return;
        save.mutate(
          { run: run.id, name: name.trim(), ...tuning },
          {
            onSuccess: () => {
              setName("");
              say(tools, `Saved as “${name.trim()}”`);
            },
          },
        );
      }}
    >
      <Group gap={6} wrap="nowrap" align="flex-start">
        <TextInput
          size="xs"
          flex={1}
          aria-label="Name to save this policy under"
          placeholder="Name to save this policy under"
          maxLength={80}
          value={name}
          error={save.error ? errorSentence(save.error) : null}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Button type="submit" size="xs" variant="default" disabled={!name.trim()} loading={save.isPending}>
          Save
        </Button>
      </Group>
    </form>
  );
}

export function isSame(one: Partial<Policy>, other: Partial<Policy>): boolean {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]) as Set<keyof Policy>;
  return [...names].every((name) => one[name] === other[name]);
}
