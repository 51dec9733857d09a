import { type PointerEvent, useEffect, useRef } from "react";

import { formatClock, timeOf } from "../../lib/frames";
import { useStore } from "../../lib/store";
import { patchClock } from "../clock";
import { spanOf, stateOf } from "../items";
import { useReviewSession } from "../session";
import classes from "./controls.module.css";

/** The whole video in one line: what is loaded, where the items are, where we are. */
export function SeekBar() {
  const { timebase, tools, video } = useReviewSession();
  const bar = useRef<HTMLDivElement>(null);
  const head = useRef<HTMLDivElement>(null);
  const waiting = useStore(tools.clock, (clock) => clock.waiting);
  const last = Math.max(1, timebase.total - 1);

  useEffect(() => {
    let spoken = -Infinity;
    const follow = (): void => {
      const { frame } = tools.clock.get();
      if (head.current) head.current.style.left = `${(frame / last) * 100}%`;
      const now = performance.now();
      if (now - spoken < 500) return; // for screen readers, who do not want 60 a second
      spoken = now;
      bar.current?.setAttribute("aria-valuenow", String(frame));
      bar.current?.setAttribute(
        "aria-valuetext",
        `frame ${frame}, ${formatClock(timeOf(timebase, frame), 0)}`,
      );
    };
    follow();
    return tools.clock.subscribe(follow);
  }, [tools, timebase, last]);

  const seek = (event: PointerEvent<HTMLDivElement>): void => {
    const box = event.currentTarget.getBoundingClientRect();
    const place = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    tools.player.seek(place * last);
  };
  const end = (): void => patchClock(tools.clock, { scrubbing: false });

  return (
    <div
      ref={bar}
      className={classes.seek}
      role="slider"
      tabIndex={0}
      aria-label="Position in the video"
      aria-valuemin={0}
      aria-valuemax={last}
      aria-valuenow={0}
      data-desk-arrows
      data-waiting={waiting || undefined}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        patchClock(tools.clock, { scrubbing: true });
        seek(event);
      }}
      onPointerMove={(event) => {
        if (event.buttons & 1) seek(event);
      }}
      onPointerUp={end}
      onPointerCancel={end}
    >
      <div className={classes.track} />
      <Buffered key={video.id} />
      <Marks />
      <div ref={head} className={classes.head} />
    </div>
  );
}

/** What the browser has of the file. */
function Buffered() {
  const line = useRef<HTMLCanvasElement>(null);
  const { tools } = useReviewSession();
  useEffect(() => {
    const canvas = line.current;
    const context = canvas?.getContext("2d");
    if (!canvas || !context) return;
    let color = "";
    const draw = (): void => {
      color ||= getComputedStyle(canvas).color;
      context.clearRect(0, 0, canvas.width, canvas.height);
      context.fillStyle = color;
      for (const [from, to] of tools.player.loaded()) {
        context.fillRect(from * canvas.width, 0, Math.max(1, (to - from) * canvas.width), 1);
      }
    };
    draw();
    return tools.player.onProgress(draw);
  }, [tools]);
  return <canvas ref={line} className={classes.buffered} width={1000} height={1} aria-hidden />;
}

/** Each item in the colour of its state; the timeline below says the same in words. */
function Marks() {
  const { items, timebase } = useReviewSession();
  const shown = items.length > 400 ? items.filter((item) => item.judgement === null).slice(0, 400) : items;
  return (
    <div aria-hidden>
      {shown.map((item) => {
        const { start, stop } = spanOf(item);
        return (
          <span
            key={item.subject}
            className={classes.mark}
            data-state={stateOf(item)}
            style={{
              left: `${(start / timebase.total) * 100}%`,
              width: `${((stop - start) / timebase.total) * 100}%`,
            }}
          />
        );
      })}
    </div>
  );
}
