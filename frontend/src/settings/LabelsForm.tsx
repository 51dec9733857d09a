import { ActionIcon, Button, Group, Stack, Text, TextInput, Tooltip } from "@mantine/core";
import { ArrowDown, ArrowUp, Plus, X } from "lucide-react";
import { useState } from "react";

import { useChangeProject } from "../api/queries/projects";
import type { Label, Project } from "../api/types";
import { LABEL_COLORS } from "../ui/colors";
import { FormError } from "../ui/FormError";
import { notifyDone } from "../ui/notify";
import classes from "./settings.module.css";

const MOST = 9;

type Draft = Label & { id: number };

/** The labels that a reviewer gives with the keys 1 to 9: a label's key is its place. */
export function LabelsForm({ project }: { project: Project }) {
  const change = useChangeProject(project.id);
  const [labels, setLabels] = useState<readonly Draft[]>(() =>
    project.labels.map((label, id) => ({ ...label, id })),
  );
  const [nextId, setNextId] = useState(project.labels.length);
  const problem = problemOf(labels);

  const edit = (id: number, part: Partial<Label>) =>
    setLabels(labels.map((label) => (label.id === id ? { ...label, ...part } : label)));
  const move = (place: number, by: -1 | 1) => {
    const next = [...labels];
    const [label] = next.splice(place, 1);
    if (label) next.splice(place + by, 0, label);
    setLabels(next);
  };
  const add = () => {
    const used = new Set(labels.map(({ color }) => color));
    const color = LABEL_COLORS.find((free) => !used.has(free)) ?? LABEL_COLORS[0];
    setLabels([...labels, { id: nextId, name: "", color }]);
    setNextId(nextId + 1);
  };

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        const plain = labels.map(({ name, color }) => ({ name: name.trim(), color }));
        change.mutate({ labels: plain }, { onSuccess: () => notifyDone("The labels are saved.") });
      }}
    >
      <Stack gap="md">
        <ul className={classes.labels}>
          {labels.map((label, place) => (
            <li key={label.id} className={classes.label}>
              <span className={classes.key} title={`Key ${place + 1}`}>
                {place + 1}
              </span>
              <input
                type="color"
                className={classes.swatch}
                aria-label={`Colour of label ${place + 1}`}
                value={label.color}
                onChange={(event) => edit(label.id, { color: event.currentTarget.value })}
              />
              <TextInput
                aria-label={`Name of label ${place + 1}`}
                placeholder="Name"
                maxLength={60}
                value={label.name}
                onChange={(event) => edit(label.id, { name: event.currentTarget.value })}
              />
              <Group gap={2} wrap="nowrap">
                <Act
                  label="Move up"
                  disabled={place === 0}
                  run={() => move(place, -1)}
                  icon={<ArrowUp size={15} />}
                />
                <Act
                  label="Move down"
                  disabled={place === labels.length - 1}
                  run={() => move(place, 1)}
                  icon={<ArrowDown size={15} />}
                />
                <Act
                  label="Remove"
                  disabled={false}
                  run={() => setLabels(labels.filter(({ id }) => id !== label.id))}
                  icon={<X size={15} />}
                />
              </Group>
            </li>
          ))}
        </ul>
        {labels.length === 0 && (
          <Text size="sm" c="dimmed">
            No labels: segments are then only accepted or rejected.
          </Text>
        )}
        {problem ? (
          <Text size="sm" c="dimmed">
            {problem}
          </Text>
        ) : (
          change.isError && <FormError error={change.error} />
        )}
        <Group gap="xs">
          <Button
            variant="default"
            leftSection={<Plus size={15} aria-hidden />}
            disabled={labels.length >= MOST}
            onClick={add}
          >
            Add a label
          </Button>
          <Button type="submit" disabled={problem !== null} loading={change.isPending}>
            Save labels
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function problemOf(labels: readonly Label[]): string | null {
  const names = labels.map(({ name }) => name.trim().toLowerCase());
  if (names.includes("")) return "Every label needs a name.";
  if (new Set(names).size < names.length) return "Two labels have the same name.";
  return null;
}

function Act(props: { label: string; disabled: boolean; run: () => void; icon: React.ReactNode }) {
  return (
    <Tooltip label={props.label}>
      <ActionIcon
        variant="subtle"
        color="gray"
        aria-label={props.label}
        disabled={props.disabled}
        onClick={props.run}
      >
        {props.icon}
      </ActionIcon>
    </Tooltip>
  );
}
