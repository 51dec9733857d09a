import { Button, Checkbox, Group, Modal, Radio, ScrollArea, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";

import { useCreateDataset } from "../api/queries/datasets";
import type { Project, Uuid, VerdictSummary, Video } from "../api/types";
import { fieldError, hasOtherFields } from "../lib/errors";
import { formatLength, plural } from "../lib/format";
import { uuid } from "../lib/uuid";
import { FormError } from "../ui/FormError";
import { Notice } from "../ui/Notice";
import classes from "./datasets.module.css";

const FIELDS = ["name", "videos"] as const;

export function NewDatasetModal(props: {
  opened: boolean;
  close: () => void;
  project: Project;
  ready: readonly Video[];
  summary: VerdictSummary | undefined;
}) {
  return (
    <Modal opened={props.opened} onClose={props.close} title="Export a dataset" size="lg">
      {/* mounted anew each time, so that one opening is one request however often it is sent */}
      {props.opened && <NewDatasetForm {...props} />}
    </Modal>
  );
}

function NewDatasetForm(props: {
  close: () => void;
  project: Project;
  ready: readonly Video[];
  summary: VerdictSummary | undefined;
}) {
  const { project, ready, summary } = props;
  const create = useCreateDataset();
  const [name, setName] = useState(() => `${project.name}, ${new Date().toISOString().slice(0, 10)}`);
  const [all, setAll] = useState(true);
  const [chosen, setChosen] = useState<ReadonlySet<Uuid>>(() => new Set(ready.map(({ id }) => id)));
  const [key] = useState(uuid);
  const toggle = (id: Uuid) => {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    setChosen(next);
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        const videos = all ? null : ready.filter(({ id }) => chosen.has(id)).map(({ id }) => id);
        create.mutate(
          { project: project.id, name: name.trim(), client_key: key, videos },
          { onSuccess: () => props.close() },
        );
      }}
    >
      <Stack gap="md">
        <Text size="sm">
          What is decided at this moment is frozen; later verdicts do not change it. You get one zip: every
          decided span as CSV and as JSON, a mask with a 0 or 1 for each frame of each video (NumPy), and a
          manifest that says which file, run and verdict everything came from. The footage itself is not
          copied: videos are named by their SHA-256.
        </Text>
        {summary && <WhatIsIn summary={summary} />}
        <TextInput
          label="Name"
          required
          withAsterisk={false}
          maxLength={150}
          data-autofocus
          value={name}
          error={fieldError(create.error, "name")}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Radio.Group
          label="Videos"
          value={all ? "all" : "some"}
          error={fieldError(create.error, "videos")}
          onChange={(value) => setAll(value === "all")}
        >
          <Group mt={6}>
            <Radio
              value="all"
              label={
                ready.length === 1 ? "The one ready video" : `All ${plural(ready.length, "ready video")}`
              }
            />
            <Radio value="some" label="Choose" />
          </Group>
        </Radio.Group>
        {!all && (
          <ScrollArea.Autosize mah={220} className={classes.videos}>
            <Stack gap={6} p="sm">
              {ready.map((video) => (
                <Checkbox
                  key={video.id}
                  label={`${video.name} (${formatLength(video.duration_s)})`}
                  checked={chosen.has(video.id)}
                  onChange={() => toggle(video.id)}
                />
              ))}
            </Stack>
          </ScrollArea.Autosize>
        )}
        {create.isError && hasOtherFields(create.error, FIELDS) && <FormError error={create.error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={props.close}>
            Cancel
          </Button>
          <Button
            type="submit"
            loading={create.isPending}
            disabled={!name.trim() || (!all && chosen.size === 0)}
          >
            Export
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function WhatIsIn({ summary }: { summary: VerdictSummary }) {
  const decided = summary.accepted + summary.rejected + summary.unsure;
  if (decided === 0) {
    return (
      <Notice title="Nothing is decided yet">
        Every frame would be marked as normal. Review some segments first, unless that is what you want.
      </Notice>
    );
  }
  return (
    <dl className={classes.counts}>
      <Count
        label="Accepted"
        value={summary.accepted}
        note={summary.drawn > 0 ? `${summary.drawn} drawn by hand` : ""}
      />
      <Count label="Rejected" value={summary.rejected} />
      <Count label="Unsure" value={summary.unsure} />
      {summary.conflicts > 0 && (
        <Count label="In conflict" value={summary.conflicts} note="marked in the files" />
      )}
      <Count
        label="You have not decided"
        value={summary.left}
        note={summary.left > 0 ? "listed, not marked" : ""}
      />
    </dl>
  );
}

function Count({ label, value, note }: { label: string; value: number; note?: string }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{value}</dd>
      {note && <dd className={classes.note}>{note}</dd>}
    </div>
  );
}
