import { formatPercent, formatTimeLeft, humanize, workerSilence } from "../lib/format";
import classes from "./progress.module.css";

type Progress = {
  phase: string;
  fraction: number | null;
  eta_s: number | null;
  silent_s?: number | null;
};

/** Phase, share and time left of work under way; a moving bar while the share cannot be known. */
export function JobProgress({
  progress,
  waiting,
  label,
}: {
  progress: Progress;
  waiting?: boolean;
  label: string;
}) {
  const { fraction } = progress;
  const silence = workerSilence(progress.silent_s);
  const known = fraction !== null && !waiting;
  const words = waiting
    ? "Waiting for a worker"
    : [
        humanize(progress.phase) || "Starting",
        formatPercent(fraction),
        silence || formatTimeLeft(progress.eta_s),
      ]
        .filter(Boolean)
        .join(" · ");
  return (
    <div className={classes.job}>
      <ProgressBar fraction={known ? fraction : null} idle={waiting ?? false} label={label} />
      <span className={classes.words} data-silent={silence !== "" || undefined}>
        {words}
      </span>
    </div>
  );
}

/** `fraction` null: under way, but nobody knows how far. */
export function ProgressBar(props: {
  fraction: number | null;
  idle?: boolean;
  label: string;
  tone?: "done" | "failed";
}) {
  const percent = props.fraction === null ? null : Math.min(1, Math.max(0, props.fraction)) * 100;
  return (
    <div
      className={classes.track}
      role="progressbar"
      aria-label={props.label}
      aria-valuemin={0}
      aria-valuemax={100}
      {...(percent === null ? {} : { "aria-valuenow": Math.floor(percent) })}
      data-tone={props.tone}
    >
      {percent === null ? (
        !props.idle && <div className={classes.unknown} />
      ) : (
        <div className={classes.fill} style={{ width: `${percent}%` }} />
      )}
    </div>
  );
}
