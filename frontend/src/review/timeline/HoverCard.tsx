import { useEffect, useState } from "react";

import { fetchTrackValues } from "../../api/queries/tracks";
import type { Uuid } from "../../api/types";
import { formatCount, formatScore } from "../../lib/format";
import { clampFrame, formatClock, timeOf } from "../../lib/frames";
import { type Store, useStore } from "../../lib/store";
import { detectorColor } from "../../ui/colors";
import { runName } from "../../runs/names";
import { useReviewSession } from "../session";
import { Thumbnail } from "../Thumbnail";
import type { Curve } from "../useRuns";
import classes from "./timeline.module.css";
import type { TrackTiles } from "./tiles";
import type { Pointer } from "./useGestures";
import { xAt } from "./view";

const WIDTH = 176;
const QUIET_MS = 90;

/** What lies under the pointer: the picture, the time, every curve's value. */
export function HoverCard(props: {
  hover: Store<Pointer | null>;
  tiles: TrackTiles;
  curves: readonly Curve[];
}) {
  const at = useStore(props.hover, (value) => value);
  const { timebase, video, tools, runs } = useReviewSession();
  const frame = at ? clampFrame(Math.floor(at.frame), timebase.total) : null;
  const exact = useExactValues(video.id, frame);
  if (!at || frame === null) return null;
  const view = tools.view.get();
  const width = (at.x * (view.stop - view.start)) / Math.max(at.frame - view.start, 1e-9);
  const left = Math.min(Math.max(at.x - WIDTH / 2, 4), Math.max(4, width - WIDTH - 4));
  return (
    <>
      <div
        className={classes.hoverLine}
        style={{ transform: `translateX(${xAt(view, at.frame, width)}px)` }}
        aria-hidden
      />
      <div className={classes.hover} style={{ left, width: WIDTH }} aria-hidden>
        <Thumbnail video={video} frame={frame} width={WIDTH - 12} />
        <div className={classes.hoverTime}>
          <b>{formatCount(frame)}</b> <span>{formatClock(timeOf(timebase, frame))}</span>
        </div>
        {props.curves.toReversed().map(({ track, kind, color }) => {
          const run = runs.find((one) => one.id === track.run);
          return (
            <div key={track.id} className={classes.hoverValue}>
              <i style={{ background: hue(kind, color) }} />
              <span>{kind === "motion" ? "motion" : run ? runName(run) : track.title}</span>
              <b>{formatScore(exact?.get(track.id) ?? props.tiles.valueAt(track.id, frame))}</b>
            </div>
          );
        })}
      </div>
    </>
  );
}

function hue(kind: Curve["kind"], color: number): string {
  if (kind === "motion") return "var(--text-dim)";
  return kind === "fused" ? "var(--mantine-color-text)" : detectorColor(color);
}

type Values = { frame: number; values: ReadonlyMap<Uuid, number | null> };

/** The values of this very frame; the curve's own pixel says it meanwhile. */
function useExactValues(video: Uuid, frame: number | null): Values["values"] | null {
  const [known, setKnown] = useState<Values | null>(null);
  useEffect(() => {
    if (frame === null) return;
    const controller = new AbortController();
    const timer = setTimeout(() => {
      fetchTrackValues(video, frame, controller.signal)
        .then((rows) => setKnown({ frame, values: new Map(rows.map((row) => [row.track, row.value])) }))
        .catch(() => undefined); // the value of the pixel stays
    }, QUIET_MS);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [video, frame]);
  return known && known.frame === frame ? known.values : null;
}
