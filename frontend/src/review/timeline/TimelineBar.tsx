import { ActionIcon, Button, Checkbox, Popover, Tooltip } from "@mantine/core";
import { Layers2, Maximize2, SlidersHorizontal, Table2, ZoomIn, ZoomOut } from "lucide-react";
import { type ReactNode, useState } from "react";
import { Link } from "react-router";

import type { Preview, Run, SavedPolicy } from "../../api/types";
import { errorSentence } from "../../lib/errors";
import { formatDuration, formatPercent, plural } from "../../lib/format";
import { paths } from "../../lib/paths";
import { useStore } from "../../lib/store";
import { runName } from "../../runs/names";
import { detectorColor } from "../../ui/colors";
import { may } from "../../ui/projectContext";
import { ApplyToRuns } from "../policy/ApplyToRuns";
import { ApplyTrial } from "../policy/ApplyTrial";
import { PolicyForm } from "../policy/PolicyForm";
import { useReviewSession } from "../session";
import { TableTwin } from "../TableTwin";
import { FUSED, MOTION, SCORE } from "../useRuns";
import { type Tuner, useStanding } from "../useTrial";
import classes from "./timeline.module.css";
import { fit, zoomAt } from "./view";

/** Above the curves: what they are, what the threshold means, how to see more or less. */
export function TimelineBar({ tuner }: { tuner: Tuner }) {
  const { tools, timebase } = useReviewSession();
  const [table, setTable] = useState(false);
  const zoom = (factor: number): void => tools.view.set((view) => zoomAt(view, 0.5, factor, timebase.total));
  return (
    <div className={classes.bar}>
      <Legend />
      <Numbers tuner={tuner} />
      <div className={classes.tools}>
        <PolicyButton tuner={tuner} />
        <Tool label="Zoom out (wheel on the timeline)" onClick={() => zoom(0.5)}>
          <ZoomOut size={15} />
        </Tool>
        <Tool label="Zoom in (wheel on the timeline)" onClick={() => zoom(2)}>
          <ZoomIn size={15} />
        </Tool>
        <Tool
          label="Show the whole video (Home, or double click)"
          onClick={() => tools.view.set(fit(timebase.total))}
        >
          <Maximize2 size={14} />
        </Tool>
        <Tool label="Table: the items and the curve as text" onClick={() => setTable(true)}>
          <Table2 size={15} />
        </Tool>
      </div>
      {table && <TableTwin onClose={() => setTable(false)} />}
    </div>
  );
}

function Tool(props: { label: string; onClick: () => void; children: ReactNode }) {
  return (
    <Tooltip label={props.label}>
      <ActionIcon variant="subtle" color="gray" size={26} aria-label={props.label} onClick={props.onClick}>
        {props.children}
      </ActionIcon>
    </Tooltip>
  );
}

function Legend() {
  const { run, runs, tracks, shown, showRun, project } = useReviewSession();
  const motion = tracks.some((track) => track.run === null && track.name === MOTION);
  const fused = tracks.some((track) => track.run === null && track.name === FUSED);
  const others = runs.filter(
    (one) => one.id !== run?.id && tracks.some((track) => track.run === one.id && track.name === SCORE),
  );
  return (
    <div className={classes.legend}>
      {run ? (
        <Key run={run} />
      ) : (
        <span className={classes.hint}>
          No run has scored this video yet.{" "}
          {may(project, "manager") ? (
            <Link to={paths.newRun(project.id)}>Start a run</Link>
          ) : (
            "A manager can start one."
          )}
        </span>
      )}
      {others
        .filter((one) => shown.has(one.id))
        .map((one) => (
          <Key key={one.id} run={one} />
        ))}
      {fused && shown.has(FUSED) && (
        <span className={classes.key} title={ABOUT_FUSED}>
          <i style={{ background: "var(--mantine-color-text)" }} /> all detectors
        </span>
      )}
      {motion && (
        <span
          className={classes.key}
          title="How much the picture moves, in its busiest place. Not a detector: a reference."
        >
          <i className={classes.motionKey} /> motion
        </span>
      )}
      {others.length > 0 && (
        <Popover position="top-start" width={260} shadow="md">
          <Popover.Target>
            <button
              type="button"
              className={classes.more}
              title="Draw other curves too"
              aria-label={`Curves of ${plural(others.length, "other run")}`}
            >
              <Layers2 size={13} aria-hidden /> +{others.length}
            </button>
          </Popover.Target>
          <Popover.Dropdown>
            {fused && (
              <Checkbox
                size="xs"
                my={4}
                color="gray"
                label="All detectors together"
                description={ABOUT_FUSED}
                checked={shown.has(FUSED)}
                onChange={(event) => showRun(FUSED, event.currentTarget.checked)}
              />
            )}
            {others.map((one) => (
              <Checkbox
                key={one.id}
                size="xs"
                my={4}
                color={detectorColor(one.color_index)}
                label={runName(one)}
                checked={shown.has(one.id)}
                onChange={(event) => showRun(one.id, event.currentTarget.checked)}
              />
            ))}
          </Popover.Dropdown>
        </Popover>
      )}
    </div>
  );
}

const ABOUT_FUSED =
  "Each detector's score as its rank among all frames, averaged over the newest run of each; once enough is accepted and rejected, weighed by that.";

function Key({ run }: { run: Run }) {
  return (
    <span className={`${classes.key} ${classes.run}`} title={runName(run)}>
      <i style={{ background: detectorColor(run.color_index) }} />
      <span>{runName(run)}</span>
    </span>
  );
}

const BASED_ON: Record<string, string> = {
  ground_truth: "compared with the ground truth",
  verdicts: "compared with the verdicts so far; recall knows only what people have seen",
  both: "compared with the ground truth where there is some, else with the verdicts",
};

/** What the threshold means: how many items, how long they take, how often they are right. Live while it is dragged. */
function Numbers({ tuner }: { tuner: Tuner }) {
  const { tools, run } = useReviewSession();
  const trial = useStore(tools.trial, (value) => value);
  const standing = useStanding();
  if (!run) return null;
  if (run.stage !== "done" && !trial) return <span className={classes.hint}>{run.progress.phase}</span>;
  const shown = trial?.preview ?? standing;
  const failed = trial?.error;
  return (
    <div className={classes.numbers} data-trial={trial ? true : undefined} aria-live="polite">
      {shown && <Figures preview={shown} standing={trial ? standing : undefined} />}
      {failed != null && (
        <span className={classes.failed} role="alert">
          {errorSentence(failed)}
        </span>
      )}
      {trial && (
        <>
          <ApplyTrial trial={trial} run={run} tuner={tuner} />
          <Button size="compact-xs" variant="default" onClick={tuner.drop}>
            Cancel
          </Button>
        </>
      )}
    </div>
  );
}

function Figures({ preview, standing }: { preview: Preview; standing: Preview | undefined }) {
  const { segments, minutes, precision, recall, based_on: basis } = preview;
  const change = standing ? segments - standing.segments : 0;
  return (
    <>
      <span data-testid="live-count">
        <b>{plural(segments, "item")}</b>
        {change !== 0 && (
          <span className={classes.change}>
            {" "}
            ({change > 0 ? "+" : "−"}
            {Math.abs(change)})
          </span>
        )}
        , <b>{formatDuration(minutes * 60)}</b> to look at
      </span>
      {(precision !== null || recall !== null) && (
        <span title={BASED_ON[basis ?? ""]}>
          precision <b>{formatPercent(precision) || "–"}</b> · recall <b>{formatPercent(recall) || "–"}</b>
        </span>
      )}
    </>
  );
}

function PolicyButton({ tuner }: { tuner: Tuner }) {
  const { run } = useReviewSession();
  const [opened, setOpened] = useState(false);
  const [applying, setApplying] = useState<SavedPolicy | null>(null);
  if (run?.stage !== "done") return null;
  return (
    <>
      <Popover
        opened={opened}
        onChange={setOpened}
        position="top-end"
        width={420}
        shadow="md"
        trapFocus
        withArrow
        zIndex={190} // below the dialogs that it opens
      >
        <Popover.Target>
          <Button
            size="compact-xs"
            variant="default"
            leftSection={<SlidersHorizontal size={13} aria-hidden />}
            aria-label="Policy: how scores become items"
            onClick={() => setOpened(!opened)}
          >
            Policy
          </Button>
        </Popover.Target>
        <Popover.Dropdown mah="calc(100dvh - 90px)" style={{ overflowY: "auto" }}>
          <PolicyForm
            tuner={tuner}
            run={run}
            onApply={(saved) => {
              setOpened(false); // a click in the dialog would be one outside
              setApplying(saved);
            }}
          />
        </Popover.Dropdown>
      </Popover>
      {applying && <ApplyToRuns saved={applying} onClose={() => setApplying(null)} />}
    </>
  );
}
