import { Button, NativeSelect, NumberInput, SimpleGrid, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { useNavigate } from "react-router";

import { useCreateRun } from "../api/queries/runs";
import type { Detector, Run, RunRequest, Uuid, Video } from "../api/types";
import { ApiError } from "../api/client";
import { fieldError } from "../lib/errors";
import { plural } from "../lib/format";
import { paths } from "../lib/paths";
import { uuid } from "../lib/uuid";
import { FormError } from "../ui/FormError";
import { notifyDone } from "../ui/notify";
import { Panel } from "../ui/Panel";
import { DetectorCard } from "./DetectorCard";
import { FootageChoice } from "./FootageChoice";
import {
  allFootage,
  type Choice,
  type Details,
  type Footage,
  estimateRequest,
  footageProblem,
  fromRun,
  missingWeights,
  overridesFor,
  runRequest,
} from "./plan";
import { RunCost } from "./RunCost";
import classes from "./runs.module.css";

type Refusal = { detector: string; error: unknown };

const DEVICES: readonly { value: RunRequest["device"]; label: string }[] = [
  { value: "auto", label: "Automatic" },
  { value: "cpu", label: "Processor" },
  { value: "cuda", label: "NVIDIA GPU" },
];

/** One or several detectors on the same footage: each becomes a run of its own. */
export function NewRunForm({
  project,
  detectors,
  ready,
  like,
}: {
  project: Uuid;
  detectors: readonly Detector[];
  ready: readonly Video[];
  like?: Run | null;
}) {
  const navigate = useNavigate();
  const create = useCreateRun();
  const [first] = useState(() => begin(detectors, ready, like ?? null));
  const [choices, setChoices] = useState(first.choices);
  const [footage, setFootage] = useState(first.footage);
  const [details, setDetails] = useState<Details>({ name: "", seed: like?.seed ?? 0, device: "auto" });
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const [busy, setBusy] = useState(false);

  const picked = detectors.flatMap((detector) => {
    const choice = choices[detector.name];
    return choice ? [{ detector, choice }] : [];
  });
  const problem = footageProblem(footage, ready);
  const isRight = ({ detector, choice }: (typeof picked)[number]) =>
    Object.keys(overridesFor(detector, choice).errors).length === 0 &&
    missingWeights(detector, choice).length === 0;
  const allowed = picked.length > 0 && problem === null && picked.every(isRight);

  const toggle = (detector: Detector) => {
    setRefusal(null);
    setChoices((old) => {
      const { [detector.name]: held, ...others } = old;
      return held ? others : { ...old, [detector.name]: newChoice(detector) };
    });
  };

  const start = async () => {
    setBusy(true);
    setRefusal(null);
    const started: Run[] = [];
    for (const { detector, choice } of picked) {
      try {
        const request = estimateRequest(project, detector, choice, footage, ready);
        started.push(await create.mutateAsync(runRequest(request, choice, details)));
      } catch (error) {
        // those before it run already: only the rest stays in the form
        setChoices((old) => withoutStarted(old, started));
        setRefusal({ detector: detector.name, error });
        if (started.length > 0) notifyDone(`${plural(started.length, "run")} started; one was refused.`);
        setBusy(false);
        return;
      }
    }
    const [only] = started;
    await navigate(only && started.length === 1 ? paths.run(project, only.id) : paths.runs(project));
  };

  return (
    <form
      className={classes.newRun}
      onSubmit={(event) => {
        event.preventDefault();
        if (allowed && !busy) void start();
      }}
    >
      <div>
        <Panel
          title="Detectors"
          summary="Each ticked one becomes a run of its own; they can be compared afterwards."
        >
          <div className={classes.detectors}>
            {detectors.map((detector) => (
              <DetectorCard
                key={detector.name}
                detector={detector}
                choice={choices[detector.name] ?? null}
                refused={refusal?.detector === detector.name ? refusedSettings(refusal.error) : {}}
                onToggle={() => toggle(detector)}
                onChange={(choice) => {
                  setRefusal(null);
                  setChoices((old) => ({ ...old, [detector.name]: choice }));
                }}
              />
            ))}
          </div>
        </Panel>
        <Panel title="Footage">
          <FootageChoice
            ready={ready}
            footage={footage}
            error={
              problem ??
              fieldError(refusal?.error, "train_videos") ??
              fieldError(refusal?.error, "score_videos") ??
              null
            }
            onChange={setFootage}
          />
        </Panel>
        <Panel title="Details">
          <SimpleGrid cols={{ base: 1, sm: 3 }}>
            <TextInput
              label="Name"
              description="Left empty: the detector's"
              maxLength={150}
              value={details.name}
              error={fieldError(refusal?.error, "name")}
              onChange={(event) => setDetails({ ...details, name: event.currentTarget.value })}
            />
            <NumberInput
              label="Seed"
              description="The same seed gives the same result"
              min={0}
              max={2 ** 31 - 1}
              allowDecimal={false}
              value={details.seed}
              error={fieldError(refusal?.error, "seed")}
              onChange={(value) => setDetails({ ...details, seed: Number(value) || 0 })}
            />
            <NativeSelect
              label="Compute on"
              description="Automatic: a GPU if there is one"
              value={details.device}
              data={[...DEVICES]}
              onChange={(event) => {
                const device = DEVICES.find(({ value }) => value === event.currentTarget.value);
                if (device) setDetails({ ...details, device: device.value });
              }}
            />
          </SimpleGrid>
        </Panel>
      </div>
      <aside className={classes.aside} aria-label="What it will take">
        <Panel title="What it will take">
          {picked.length === 0 && (
            <Text size="sm" c="dimmed">
              Tick a detector.
            </Text>
          )}
          {picked.map((item) => (
            <RunCost
              key={item.detector.name}
              title={item.detector.title}
              request={
                problem === null && isRight(item)
                  ? estimateRequest(project, item.detector, item.choice, footage, ready)
                  : null
              }
            />
          ))}
          {refusal && <FormError error={refusal.error} />}
          <Button type="submit" fullWidth mt="md" disabled={!allowed} loading={busy}>
            {picked.length > 1 ? `Start ${picked.length} runs` : "Start run"}
          </Button>
          <Text size="xs" c="dimmed" mt="xs">
            Runs go on while you do something else, one after the other.
          </Text>
        </Panel>
      </aside>
    </form>
  );
}

function newChoice(detector: Detector): Choice {
  return { preset: detector.presets[0]?.name ?? "", drafts: {}, clientKey: uuid() };
}

type Beginning = { choices: Readonly<Record<string, Choice>>; footage: Footage };

/** What another run was made of; else the recommended or first detector that could run at once, on all footage. */
function begin(detectors: readonly Detector[], ready: readonly Video[], like: Run | null): Beginning {
  const same = like && detectors.find(({ name }) => name === like.detector);
  if (same) {
    const { choice, footage } = fromRun(like, same, ready);
    return { choices: { [same.name]: choice }, footage };
  }
  const able = detectors.filter((detector) => missingWeights(detector, newChoice(detector)).length === 0);
  const first = able.find(({ recommended }) => recommended !== "") ?? able[0];
  return { choices: first ? { [first.name]: newChoice(first) } : {}, footage: allFootage(ready) };
}

function withoutStarted(
  choices: Readonly<Record<string, Choice>>,
  started: readonly Run[],
): Record<string, Choice> {
  const done = new Set(started.map(({ detector }) => detector));
  return Object.fromEntries(Object.entries(choices).filter(([name]) => !done.has(name)));
}

/** The server's objections to single settings: {"overrides.size": ...} -> {size: ...}. */
function refusedSettings(error: unknown): Record<string, string> {
  if (!(error instanceof ApiError)) return {};
  return Object.fromEntries(
    Object.entries(error.fields)
      .filter(([name]) => name.startsWith("overrides."))
      .map(([name, sentence]) => [name.slice("overrides.".length), sentence]),
  );
}
