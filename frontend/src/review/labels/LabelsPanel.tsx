import { Button } from "@mantine/core";
import { Lock, TriangleAlert } from "lucide-react";
import { type KeyboardEvent, useMemo, useState } from "react";

import { useLabelHistory } from "../../api/queries/refinement";
import { useVideos } from "../../api/queries/videos";
import type { LabelHistory, Run } from "../../api/types";
import { formatCount, formatScore } from "../../lib/format";
import { ErrorState, LoadingState } from "../../ui/states";
import { useReviewSession } from "../session";
import { Glimpse } from "../Glimpse";
import { useRestingFrame } from "../useRestingFrame";
import { Correction } from "./Correction";
import { before, nextRun, PEOPLE, standingOf, word } from "./next";
import tab from "../tab.module.css";
import classes from "./labels.module.css";

type Round = LabelHistory["rounds"][number];

/** How the window at the playhead came by its pseudo-label, and what a person says to it. */
export function LabelsPanel() {
  const { run, video } = useReviewSession();
  if (!run) return <p className={tab.empty}>No run has looked at this video yet.</p>;
  const here = run.videos.find((one) => one.video === video.id);
  if (!here?.refinement) {
    const any = run.videos.some((one) => one.refinement);
    return (
      <p className={tab.empty}>
        {any
          ? "This run has no pseudo-labels of this video."
          : `${run.detector_title} makes no pseudo-labels. Choose a run of a detector that refines them (DiffVAD).`}{" "}
        You can still say what is normal: draw a span on the timeline, or decide the items of the queue.
      </p>
    );
  }
  return <Labels run={run} />;
}

function Labels({ run }: { run: Run }) {
  const { video } = useReviewSession();
  const frame = useRestingFrame();
  const query = useLabelHistory(run.id, video.id, frame);
  if (query.isError && !query.data)
    return <ErrorState error={query.error} retry={() => void query.refetch()} />;
  if (!query.data) return <LoadingState label="Looking up the labels" />;
  return <Window history={query.data} stale={query.isPlaceholderData} />;
}

function Window({ history, stale }: { history: LabelHistory; stale: boolean }) {
  const { rounds, start, stop } = history;
  const [asked, setAsked] = useState<number | null>(null);
  const chosen = Math.min(asked ?? rounds.length - 1, rounds.length - 1);
  const round = rounds[chosen];
  const told = before(history);
  const standing = standingOf(history.people);
  return (
    <div className={tab.panel} data-stale={stale || undefined}>
      <p className={tab.note}>
        Frames {formatCount(Math.max(0, start))} to {formatCount(stop - 1)}, the window at the playhead.
      </p>
      {told && (
        <p className={classes.clamp}>
          {history.disputed ? <TriangleAlert size={14} aria-hidden /> : <Lock size={14} aria-hidden />} {told}
        </p>
      )}
      <Steps rounds={rounds} chosen={chosen} onChoose={setAsked} />
      {round && <RoundFacts round={round} number={chosen + 1} />}
      <h3 className={classes.title}>Your word</h3>
      <p className={tab.note}>{nextRun(standing)}</p>
      <Correction history={history} />
      {round && <Neighbours round={round} />}
    </div>
  );
}

type StepsProps = { rounds: readonly Round[]; chosen: number; onChoose: (round: number) => void };

/** A small state a round: raw label above, refined label below. Arrow keys step through them. */
function Steps({ rounds, chosen, onChoose }: StepsProps) {
  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>): void => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    event.stopPropagation(); // not a jump of the player
    const next = Math.min(Math.max(0, chosen + step), rounds.length - 1);
    onChoose(next);
    event.currentTarget.querySelectorAll("button")[next]?.focus();
  };
  return (
    <div className={classes.steps} role="radiogroup" aria-label="Rounds" onKeyDown={onKeyDown}>
      {rounds.map((round, n) => (
        <button
          key={n}
          type="button"
          role="radio"
          aria-checked={n === chosen}
          tabIndex={n === chosen ? 0 : -1}
          className={classes.step}
          data-flipped={round.flipped || undefined}
          aria-label={`Round ${n + 1}: raw ${word(round.raw)}, refined ${word(round.refined)}${round.flipped ? ", flipped" : ""}`}
          onClick={() => onChoose(n)}
        >
          <i data-label={word(round.raw)} aria-hidden />
          <i data-label={word(round.refined)} className={classes.refined} aria-hidden />
          <span aria-hidden>{n + 1}</span>
        </button>
      ))}
    </div>
  );
}

function RoundFacts({ round, number }: { round: Round; number: number }) {
  const beyond = round.distance >= round.threshold;
  const facts: [string, string, string][] = [
    [
      "Raw label",
      word(round.raw),
      `Distance ${formatScore(round.distance)} is ${beyond ? "at or above" : "below"} the threshold ${formatScore(round.threshold)}`,
    ],
    ["Own probability", percent(round.probability), "Of being abnormal, by its own distance"],
    [
      "Neighbours’ vote",
      percent(round.vote),
      "Mean probability of its neighbours, the more alike the more weight",
    ],
    [
      "Refined label",
      word(round.refined) + (round.flipped ? " (flipped)" : ""),
      "What the vote makes of it; what people fixed stays",
    ],
    ["Entropy", `${round.entropy.toFixed(2)} bits`, "0: the vote is unanimous, 1: undecided"],
    ["Weight", round.weight.toFixed(2), "How much the next round of training counts it"],
  ];
  return (
    <dl className={classes.facts} aria-label={`Round ${number}`}>
      {facts.map(([name, value, meaning]) => (
        <div key={name} title={meaning}>
          <dt>{name}</dt>
          <dd data-label={name.endsWith("label") ? value.split(" ")[0] : undefined}>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function percent(value: number): string {
  return `${Math.round(value * 100)} %`;
}

function Neighbours({ round }: { round: Round }) {
  const { acts, project } = useReviewSession();
  const { data } = useVideos(project.id);
  const videos = useMemo(() => new Map(data?.map((one) => [one.id, one])), [data]);
  return (
    <>
      <h3 className={classes.title}>Neighbours that voted</h3>
      {round.neighbours.length === 0 && <p className={tab.note}>None in this round.</p>}
      <ul className={classes.neighbours}>
        {round.neighbours.map((one) => {
          const frame = Math.max(0, Math.floor((one.start + one.stop) / 2));
          const video = videos.get(one.video);
          const people = PEOPLE[one.people];
          return (
            <li key={`${one.video}/${one.start}`}>
              <Button
                variant="subtle"
                className={classes.neighbour ?? ""}
                title={`Go to ${one.video_name}, frame ${frame}`}
                onClick={() => acts.visit(one.video, frame)}
              >
                {video && <Glimpse video={video} frame={frame} width={72} />}
                <span className={classes.about}>
                  <b>{one.similarity.toFixed(3)}</b>
                  <span data-label={one.label === null ? undefined : word(one.label)}>{word(one.label)}</span>
                  {one.clamped && (
                    <span title="Fixed by people before this run">
                      <Lock size={11} aria-hidden /> fixed
                    </span>
                  )}
                  {people && <span>{people}</span>}
                  <small>
                    {one.video_name}, {formatCount(frame)}
                  </small>
                </span>
              </Button>
            </li>
          );
        })}
      </ul>
      <p className={tab.note}>The number is the cosine similarity to this window: 1 is the same direction.</p>
    </>
  );
}
