import { Ban, CircleAlert, CircleCheck, CircleDashed, Clock, LoaderCircle } from "lucide-react";
import type { ReactNode } from "react";

import classes from "./status.module.css";

export type Tone = "waiting" | "active" | "done" | "failed" | "stopped" | "warning";

const ICONS: Record<Tone, ReactNode> = {
  waiting: <Clock size={13} aria-hidden />,
  active: <LoaderCircle size={13} aria-hidden className={classes.turning} />,
  done: <CircleCheck size={13} aria-hidden />,
  failed: <CircleAlert size={13} aria-hidden />,
  stopped: <Ban size={13} aria-hidden />,
  warning: <CircleDashed size={13} aria-hidden />,
};

/** A state in icon and words, never in colour alone. */
export function StatusBadge({ tone, children }: { tone: Tone; children: ReactNode }) {
  return (
    <span className={classes.status} data-tone={tone}>
      {ICONS[tone]}
      {children}
    </span>
  );
}

const TONES: Record<string, Tone> = {
  queued: "waiting",
  running: "active",
  training: "active",
  scoring: "active",
  ingesting: "active",
  done: "done",
  ready: "done",
  failed: "failed",
  rejected: "failed",
  cancelled: "stopped",
};

/** The tone of a job's status, a run's stage or a video's state. */
export function toneOf(state: string): Tone {
  return TONES[state] ?? "waiting";
}
