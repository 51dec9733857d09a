import { useEffect, useRef } from "react";

import { formatCount } from "../../lib/format";
import { formatClock, mediaTime, timeOf } from "../../lib/frames";
import { useReviewSession } from "../session";
import classes from "./controls.module.css";

/** The frame on the screen and its time. Written straight into the page: it changes with every frame. */
export function Readout() {
  const { timebase, tools } = useReviewSession();
  const frame = useRef<HTMLSpanElement>(null);
  const time = useRef<HTMLSpanElement>(null);
  const media = useRef<HTMLSpanElement>(null);

  useEffect(() => {
    const write = (): void => {
      const now = tools.clock.get().frame;
      if (frame.current) frame.current.textContent = formatCount(now);
      if (time.current) time.current.textContent = formatClock(timeOf(timebase, now));
      if (media.current) media.current.textContent = formatClock(mediaTime(now, timebase.proxyRate));
    };
    write();
    return tools.clock.subscribe(write);
  }, [tools, timebase]);

  // room for the longest number, so that the time beside it stays in its place
  const widest = 2 * formatCount(timebase.total).length + 7;
  return (
    <div className={classes.readout} data-testid="readout">
      <span title="Frames count from 0, as in every export" style={{ minWidth: `${widest}ch` }}>
        frame <span ref={frame} className={classes.frame} data-testid="frame" /> of{" "}
        {formatCount(timebase.total)}
      </span>
      <span
        title={
          timebase.times
            ? "Time since the first frame, as the file presents it: its frames are not evenly spaced"
            : "Time since the first frame"
        }
      >
        <span ref={time} data-testid="time" />
        {timebase.times && <span className={classes.vfr}>VFR</span>}
      </span>
      {timebase.times && (
        <span className={classes.media} title="Time in the player, which shows every frame equally long">
          player <span ref={media} />
        </span>
      )}
    </div>
  );
}
