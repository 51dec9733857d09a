import { Button, Checkbox, Group, Modal, NativeSelect, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { useNavigate } from "react-router";

import { useDatasets } from "../api/queries/datasets";
import { useDetectors } from "../api/queries/detectors";
import { useRuns } from "../api/queries/runs";
import { useTeach } from "../api/queries/teaching";
import { useVerdictSummary } from "../api/queries/verdicts";
import type { Dataset, Detector, Project, Run, Uuid, VerdictSummary } from "../api/types";
import { humanize, plural } from "../lib/format";
import { paths } from "../lib/paths";
import { uuid } from "../lib/uuid";
import { runName } from "../runs/names";
import { FormError } from "../ui/FormError";
import { Notice } from "../ui/Notice";
import { notifyDone } from "../ui/notify";
import { LoadingState } from "../ui/states";
import { begin, parentOf, type Presets, usable } from "./choices";
import classes from "./teaching.module.css";

const NOW = "now";

/** One click: freeze what is decided, and start runs that learn from it. */
export function TeachModal(props: { opened: boolean; close: () => void; project: Project; dataset?: Uuid }) {
  return (
    <Modal opened={props.opened} onClose={props.close} title="Teach the detectors" size="lg">
      {/* mounted anew each time, so that one opening is one request however often it is sent */}
      {props.opened && <Loaded {...props} />}
    </Modal>
  );
}

function Loaded(props: { close: () => void; project: Project; dataset?: Uuid }) {
  const detectors = useDetectors();
  const runs = useRuns({ project: props.project.id });
  const datasets = useDatasets(props.project.id);
  const summary = useVerdictSummary(props.project.id);
  const error = detectors.error ?? runs.error ?? datasets.error ?? summary.error;
  if (error) return <FormError error={error} />;
  if (!detectors.data || !runs.data || !datasets.data || !summary.data) return <LoadingState />;
  return (
    <TeachForm
      {...props}
      detectors={detectors.data}
      runs={runs.data}
      written={datasets.data.filter(({ job }) => job.status === "done")}
      summary={summary.data}
    />
  );
}

function TeachForm(props: {
  close: () => void;
  project: Project;
  dataset?: Uuid;
  detectors: readonly Detector[];
  runs: readonly Run[];
  written: readonly Dataset[];
  summary: VerdictSummary;
}) {
  const { project, detectors, runs, written, summary } = props;
  const teach = useTeach();
  const navigate = useNavigate();
  const [presets, setPresets] = useState<Presets>(() => begin(detectors, runs));
  const [source, setSource] = useState<string>(props.dataset ?? NOW);
  const [warm, setWarm] = useState(false);
  const [key] = useState(uuid);
  const picked = Object.entries(presets);
  const nothing = source === NOW && summary.accepted + summary.rejected === 0;

  const send = () =>
    teach.mutate(
      {
        project: project.id,
        dataset: source === NOW ? null : source,
        name: `${project.name.slice(0, 100)}, taught ${new Date().toISOString().slice(0, 16).replace("T", " ")}`,
        choices: picked.map(([detector, preset]) => ({ detector, preset, warm_start: warm })),
        client_key: key,
      },
      {
        onSuccess: async (made) => {
          props.close();
          notifyDone(
            `${plural(made.runs.length, "run")} learn${made.runs.length === 1 ? "s" : ""} from your verdicts.`,
          );
          await navigate(paths.runs(project.id));
        },
      },
    );

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <Stack gap="md">
        <Text size="sm">
          Each chosen detector starts a new run that learns from the footage and from verdicts: accepted spans
          are abnormal, rejected ones normal. Nothing you have is changed, and each new run can be compared
          with the one before it.
        </Text>
        <NativeSelect
          label="Verdicts"
          value={source}
          onChange={(event) => setSource(event.currentTarget.value)}
          data={[
            {
              value: NOW,
              label: `As they are now: ${summary.accepted} accepted, ${summary.rejected} rejected (frozen as a new dataset)`,
            },
            ...written.map(({ id, name, counts }) => ({
              value: id,
              label: `${name}: ${counts.spans} accepted, ${counts.rejected} rejected`,
            })),
          ]}
        />
        {nothing && (
          <Notice title="Nothing is decided yet">
            Accept or reject some segments on the review desk first.
          </Notice>
        )}
        <fieldset className={classes.detectors}>
          <legend>Detectors</legend>
          {detectors.map((detector) => (
            <DetectorLine
              key={detector.name}
              detector={detector}
              preset={presets[detector.name] ?? null}
              parent={parentOf(runs, detector.name, presets[detector.name])}
              onChange={(preset) => setPresets(withPreset(presets, detector.name, preset))}
            />
          ))}
        </fieldset>
        {picked.some(([detector, preset]) => parentOf(runs, detector, preset)) && (
          <Checkbox
            label="Begin from the last model"
            description="Keeps what was learned so far. Without it, training begins anew, as it did before."
            checked={warm}
            onChange={(event) => setWarm(event.currentTarget.checked)}
          />
        )}
        {project.audit_share > 0 && (
          <Text size="sm" c="dimmed">
            {Math.round(project.audit_share * 100)} % of the footage, picked by chance, is never taught:
            verdicts there measure how well a run does.
          </Text>
        )}
        {teach.isError && <FormError error={teach.error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={props.close}>
            Cancel
          </Button>
          <Button type="submit" loading={teach.isPending} disabled={picked.length === 0 || nothing}>
            {picked.length > 1 ? `Start ${picked.length} runs` : "Start run"}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function withPreset(presets: Presets, detector: string, preset: string | null): Presets {
  const others = Object.entries(presets).filter(([name]) => name !== detector);
  return Object.fromEntries(preset === null ? others : [...others, [detector, preset]]);
}

function DetectorLine(props: {
  detector: Detector;
  preset: string | null;
  parent: Run | null;
  onChange: (preset: string | null) => void;
}) {
  const { detector, preset, parent, onChange } = props;
  const choices = usable(detector);
  const first = choices[0];
  return (
    <div className={classes.line}>
      <Checkbox
        label={detector.title}
        checked={preset !== null}
        disabled={first === undefined}
        description={describe(first === undefined, preset, parent)}
        onChange={() => onChange(preset === null && first ? first : null)}
      />
      {preset !== null && (
        <NativeSelect
          size="xs"
          className={classes.preset}
          aria-label={`Preset of ${detector.title}`}
          value={preset}
          data={choices.map((name) => ({ value: name, label: humanize(name) }))}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      )}
    </div>
  );
}

function describe(missing: boolean, preset: string | null, parent: Run | null): string {
  if (missing) return "Needs pretrained files that are not on this server.";
  if (preset === null) return "";
  return parent
    ? `With the settings and footage of “${runName(parent)}”, and every video that has verdicts.`
    : "No run to follow: learns from all footage, with the preset's settings.";
}
