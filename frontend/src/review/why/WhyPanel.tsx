import { useEffect } from "react";

import { useWhy } from "../../api/queries/why";
import type { Run, Why } from "../../api/types";
import { formatCount, formatScore } from "../../lib/format";
import { useStore } from "../../lib/store";
import { ErrorState, LoadingState } from "../../ui/states";
import { useReviewSession } from "../session";
import { useRestingFrame } from "../useRestingFrame";
import { SideBySide } from "./SideBySide";
import { deviations, percent, standsOut } from "./words";
import tab from "../tab.module.css";
import classes from "./why.module.css";

/** Why the frame at the playhead has its score. */
export function WhyPanel() {
  const { run, video } = useReviewSession();
  if (!run) return <p className={tab.empty}>No run has looked at this video yet.</p>;
  const row = run.videos.find((one) => one.video === video.id);
  if (row?.job?.status !== "done") {
    return (
      <p className={tab.empty}>
        {row?.scores ? "This run has not scored this video yet." : "This run does not score this video."}
      </p>
    );
  }
  return <Reasons run={run} />;
}

function Reasons({ run }: { run: Run }) {
  const { video, timebase } = useReviewSession();
  const frame = Math.min(useRestingFrame(), Math.max(0, timebase.total - 1));
  const query = useWhy(run.id, video.id, frame);
  if (query.isError && !query.data)
    return <ErrorState error={query.error} retry={() => void query.refetch()} />;
  if (!query.data) return <LoadingState label="Looking for reasons" />;
  const why = query.data;
  return (
    <div className={tab.panel} data-stale={query.isPlaceholderData || undefined}>
      {why.notes.map((note) => (
        <p key={note} className={classes.remark}>
          {note}
        </p>
      ))}
      <Indicators why={why} frame={frame} />
      <Regions why={why} />
      <SideBySide why={why} />
      <Others why={why} />
    </div>
  );
}

function Indicators({ why, frame }: { why: Why; frame: number }) {
  return (
    <section aria-labelledby="why-indicators">
      <h3 id="why-indicators" className={classes.title}>
        What stands out at frame {formatCount(frame)}
      </h3>
      {why.indicators.length === 0 && <p className={tab.note}>This run keeps no figures beside its score.</p>}
      <ul className={classes.list}>
        {why.indicators.map((one) => (
          <li key={one.name} title={one.meaning}>
            <div className={classes.line}>
              <b>{one.title}</b>
              <span>{standsOut(one.deviations) ? percent(one.share) : "usual"}</span>
            </div>
            <div className={classes.bar} aria-hidden>
              <i style={{ width: percent(one.share) }} />
            </div>
            <p className={tab.note}>
              {formatScore(one.value)}, {deviations(one.deviations)}.{" "}
              {standsOut(one.deviations) && one.meaning}
            </p>
          </li>
        ))}
      </ul>
      {why.indicators.length > 0 && (
        <p className={tab.note}>
          Each figure is measured in deviations from its own mean over this video; the shares are of what lies
          above. They help to read the score, they are not its formula.
        </p>
      )}
    </section>
  );
}

/** The hottest regions of the error map; a click shows the box on the picture. */
function Regions({ why }: { why: Why }) {
  const { tools } = useReviewSession();
  const shown = useStore(tools.boxes, (boxes) => boxes);
  // boxes belong to this frame and this tab
  useEffect(() => () => tools.boxes.set([]), [tools, why.regions]);
  if (why.regions.length === 0) return null;
  return (
    <section aria-labelledby="why-regions">
      <h3 id="why-regions" className={classes.title}>
        Where
      </h3>
      <div className={classes.row}>
        {why.regions.map((region, n) => {
          const box = { box: region.box as [number, number, number, number], name: String(n + 1) };
          const on = shown.some((one) => one.name === box.name);
          return (
            <button
              key={n}
              type="button"
              className={classes.region}
              aria-pressed={on}
              onClick={() =>
                tools.boxes.set((old) => (on ? old.filter((one) => one.name !== box.name) : [...old, box]))
              }
            >
              <b>{n + 1}</b> {percent(region.share)} of the heat, up to {formatScore(region.value)}
            </button>
          );
        })}
      </div>
    </section>
  );
}

function Others({ why }: { why: Why }) {
  const { chooseRun } = useReviewSession();
  return (
    <section aria-labelledby="why-others">
      <h3 id="why-others" className={classes.title}>
        Other runs at this frame
      </h3>
      {why.others.length === 0 && <p className={tab.note}>No other finished run has scored this video.</p>}
      <ul className={classes.list}>
        {why.others.map((one) => (
          <li key={one.run} className={classes.line}>
            <button type="button" className={classes.link} onClick={() => chooseRun(one.run)}>
              {one.name || one.detector_title}
            </button>
            <span data-above={one.above || undefined} className={classes.verdict}>
              {one.above === null ? "no threshold" : one.above ? "▲ agrees" : "▽ does not flag it"}{" "}
              <small>
                {formatScore(one.value)}
                {one.distances !== null && `, ${one.distances.toFixed(1)}× the way to its threshold`}
              </small>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
