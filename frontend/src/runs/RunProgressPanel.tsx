import { Button } from "@mantine/core";
import { CircleAlert } from "lucide-react";

import { isRunActive, useRetryRun } from "../api/queries/runs";
import type { Run } from "../api/types";
import { formatCount, formatDuration, formatPercent, formatScore, workerSilence } from "../lib/format";
import { ProgressBar } from "../ui/JobProgress";
import { notifyError } from "../ui/notify";
import { Panel } from "../ui/Panel";
import { StatusBadge } from "../ui/StatusBadge";
import { STAGE_NAMES } from "./names";
import classes from "./runs.module.css";

/** How far a run under way is; or why it failed. Nothing for one that is done. */
export function RunProgressPanel({ run, manages }: { run: Run; manages: boolean }) {
  if (isRunActive(run)) return <UnderWay run={run} />;
  if (run.stage === "failed") return <Failed run={run} manages={manages} />;
  if (run.stage === "cancelled") {
    return (
      <Panel>
        <StatusBadge tone="stopped">{STAGE_NAMES.cancelled}</StatusBadge>
        <p className={classes.sentence}>
          What it had learned so far is kept{manages ? ": “Go on” takes it up again where it stopped." : "."}
        </p>
      </Panel>
    );
  }
  return null;
}

function UnderWay({ run }: { run: Run }) {
  const { progress } = run;
  const waiting = run.stage === "queued";
  const silence = workerSilence(progress.silent_s);
  return (
    <Panel>
      <div className={classes.progressHead} role="status">
        <strong>{progress.phase || STAGE_NAMES[run.stage]}</strong>
        <span className={classes.percent}>
          {waiting ? "" : `${formatPercent(progress.fraction)} of the whole run`}
        </span>
      </div>
      <ProgressBar
        fraction={waiting ? null : progress.fraction}
        idle={waiting}
        label="Progress of this run"
      />
      <dl className={classes.facts}>
        <div>
          <dt>In this phase</dt>
          <dd>
            {progress.total > 0 ? `${formatCount(progress.done)} of ${formatCount(progress.total)}` : "–"}
          </dd>
        </div>
        <div>
          <dt>Rate</dt>
          <dd>{progress.rate === null ? "–" : `${formatScore(progress.rate)} a second`}</dd>
        </div>
        <div>
          <dt>Left in this phase</dt>
          <dd>{progress.eta_s === null ? "–" : formatDuration(progress.eta_s)}</dd>
        </div>
        {run.job.attempt > 1 && (
          <div>
            <dt>Attempt</dt>
            <dd>{run.job.attempt}</dd>
          </div>
        )}
      </dl>
      {silence && (
        <p className={classes.sentence} role="alert">
          There is {silence}. It may have stopped or run out of memory. After a minute another worker takes
          this up from its last checkpoint by itself; nothing that was learned is lost.
        </p>
      )}
      {waiting && (
        <p className={classes.sentence}>
          Runs take turns. If this one does not begin within a minute although no other is under way, the
          training worker may not be running.
        </p>
      )}
    </Panel>
  );
}

function Failed({ run, manages }: { run: Run; manages: boolean }) {
  const retry = useRetryRun();
  return (
    <Panel>
      <div className={classes.failed} role="alert">
        <CircleAlert size={18} aria-hidden />
        <div>
          <strong>This run failed</strong>
          <p className={classes.sentence}>
            {run.error || "No reason was given. The worker's log may have one."}
          </p>
        </div>
        {manages && (
          <Button
            variant="default"
            loading={retry.isPending}
            onClick={() => retry.mutate(run.id, { onError: (error) => notifyError(error) })}
          >
            Try again
          </Button>
        )}
      </div>
    </Panel>
  );
}
