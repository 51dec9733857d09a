import { Button } from "@mantine/core";
import { type MouseEvent, useEffect, useRef } from "react";
import { Link } from "react-router";

import { framesIn } from "../lib/frames";
import { paths } from "../lib/paths";
import { useStore } from "../lib/store";
import { runName } from "../runs/names";
import classes from "./desk.module.css";
import { DeskHeader } from "./DeskHeader";
import { draftOf, withDraft } from "./drafts";
import { HelpModal } from "./HelpModal";
import { LabelsPanel } from "./labels/LabelsPanel";
import { PatternsPanel } from "./patterns/PatternsPanel";
import { QueuePanel } from "./QueuePanel";
import { useReviewSession } from "./session";
import { SidePanel } from "./SidePanel";
import { PlayerControls } from "./stage/PlayerControls";
import { SeekBar } from "./stage/SeekBar";
import { Stage } from "./stage/Stage";
import { TimelinePanel } from "./timeline/TimelinePanel";
import { Toast } from "./Toast";
import { WhyPanel } from "./why/WhyPanel";
import { useKeys } from "./useKeys";
import { usePrefetch } from "./usePrefetch";
import { VerdictBar } from "./VerdictBar";

const LOOP_PAD_S = 1;

/** One screen from a score to a verdict. */
export function Desk() {
  const { tools } = useReviewSession();
  const player = useRef<HTMLDivElement>(null);
  const toggleFullScreen = (): void => {
    if (document.fullscreenElement) void document.exitFullscreen();
    // refused where the page is embedded without permission; the picture then stays as large as it is
    else player.current?.requestFullscreen().catch(() => undefined);
  };
  useKeys(toggleFullScreen);
  usePrefetch();
  useLoop();

  return (
    <main
      id="content"
      tabIndex={-1}
      className={classes.desk}
      data-private={useStore(tools.privacy, (on) => on) || undefined}
      onMouseDown={keepFocus}
    >
      <DeskHeader />
      <div ref={player} className={classes.player}>
        <Stage />
        <SeekBar />
        <PlayerControls onFullScreen={toggleFullScreen} />
        <RunMissing />
        <Toast />
      </div>
      <TimelinePanel />
      <SidePanel panels={PANELS} />
      <VerdictBar />
      <HelpModal />
    </main>
  );
}

/** A link to a run that is gone leads to the video all the same, and never silently to another run. */
function RunMissing() {
  const { run, runMissing, chooseRun, project } = useReviewSession();
  if (!runMissing) return null;
  return (
    <div className={classes.runMissing} role="alert">
      <span>
        The run of this link is not in this project (any more).{" "}
        {run ? `You see “${runName(run)}” instead.` : "No other run has scored this video."}
      </span>
      {run ? (
        <Button size="compact-xs" variant="default" onClick={() => chooseRun(run.id)}>
          Stay with it
        </Button>
      ) : (
        <Button size="compact-xs" variant="default" component={Link} to={paths.runs(project.id)}>
          Go to the runs
        </Button>
      )}
    </div>
  );
}

const PANELS = [
  { id: "queue", name: "Queue", Panel: QueuePanel },
  { id: "why", name: "Why", Panel: WhyPanel },
  { id: "patterns", name: "Patterns", Panel: PatternsPanel },
  { id: "labels", name: "Labels", Panel: LabelsPanel },
] as const;

/** A button pressed with the mouse takes no focus: the next Space is meant for the player, not for it again. */
function keepFocus(event: MouseEvent): void {
  const { target, currentTarget } = event;
  // what is drawn over the desk (dialogs, menus) reports here too, and keeps its focus
  if (!(target instanceof Element) || !currentTarget.contains(target)) return;
  if (target.closest("button") && !target.closest("input, textarea, [role=combobox]")) event.preventDefault();
}

/** Loop the item as edited, with a second before and after. */
function useLoop(): void {
  const { tools, selected, timebase } = useReviewSession();
  const loop = useStore(tools.settings, (settings) => settings.loop);
  const drafts = useStore(tools.drafts, (value) => value);
  const span = selected ? withDraft(selected, draftOf(drafts, selected.subject)).span : null;
  const [start, stop] = [span?.start ?? null, span?.stop ?? null];
  useEffect(() => {
    if (!loop || start === null || stop === null) return tools.player.setLoop(null);
    const pad = framesIn(LOOP_PAD_S, timebase.rate);
    tools.player.setLoop({ start: Math.max(0, start - pad), stop: Math.min(timebase.total, stop + pad) });
  }, [loop, start, stop, tools, timebase]);
}
