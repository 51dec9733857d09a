import { useEffect, useMemo, useRef } from "react";

import { fetchPeople } from "../../api/queries/people";
import type { Run, Video } from "../../api/types";
import type { Tools } from "../tools";
import { drawPeople } from "./drawPeople";
import { PeopleChunks } from "./peopleChunks";
import classes from "./people.module.css";
import { scaleOfPeople } from "./scale";

/** Skeletons and boxes of the painted frame, registered to it at any size; the stranger, the stronger. */
export function PeopleLayer({ run, video, tools }: { run: Run; video: Video; tools: Tools }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [low, high] = useMemo(() => {
    const found = scaleOfPeople(run);
    return [found?.low ?? 0, found?.high ?? 1];
  }, [run]);

  useEffect(() => {
    const surface = canvas.current;
    const context = surface?.getContext("2d");
    if (!surface || !context) return;
    let drawn: number | null = null;
    const draw = (): void => {
      const { frame, playing, scrubbing } = tools.clock.get();
      if (!scrubbing) chunks.want(frame, playing ? 1 : 0);
      if (frame === drawn) return;
      context.clearRect(0, 0, surface.width, surface.height);
      // never the people of another frame: they would stand beside themselves
      const people = chunks.at(frame);
      drawn = people ? frame : null;
      surface.dataset.people = people ? String(people.last - people.first) : "";
      if (!people) return;
      const zoom = [
        surface.width / Math.max(video.width, 1),
        surface.height / Math.max(video.height, 1),
      ] as const;
      drawPeople(context, people, { zoom, scale: { low, high }, dpr: window.devicePixelRatio || 1 });
    };
    const redraw = (): void => {
      drawn = null;
      draw();
    };
    const chunks = new PeopleChunks(
      video.n_frames,
      (span, signal) => fetchPeople(run.id, video.id, span, signal),
      redraw,
    );
    const measure = (): void => {
      const dpr = window.devicePixelRatio || 1;
      surface.width = Math.max(1, Math.round(surface.clientWidth * dpr));
      surface.height = Math.max(1, Math.round(surface.clientHeight * dpr));
      redraw();
    };
    const observer = new ResizeObserver(measure);
    observer.observe(surface);
    measure();
    const stop = tools.clock.subscribe(draw);
    return () => {
      stop();
      observer.disconnect();
      chunks.clear();
    };
  }, [run.id, video.id, video.n_frames, video.width, video.height, tools, low, high]);

  return <canvas ref={canvas} className={classes.layer} data-testid="people" aria-hidden />;
}
