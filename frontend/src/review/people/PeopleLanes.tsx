import { useQuery, keepPreviousData } from "@tanstack/react-query";
import { PersonStanding } from "lucide-react";
import { type MouseEvent, useEffect, useMemo, useRef, useState } from "react";

import { lanesQuery } from "../../api/queries/people";
import type { Run } from "../../api/types";
import { formatCount, formatScore } from "../../lib/format";
import { useStore } from "../../lib/store";
import { useReviewSession } from "../session";
import names from "../timeline/timeline.module.css";
import { frameAt, xAt } from "../timeline/view";
import { packed, personAt, ROW, spanToAsk } from "./lanes";
import classes from "./people.module.css";
import { colorOf, scaleOfPeople, strangeness } from "./scale";

/** Who is there when, under the timeline: a bar a person, coloured by how strange they are. A click goes there. */
export function PeopleLanes() {
  const { run, video, tools } = useReviewSession();
  const on = useStore(tools.settings, (settings) => settings.people);
  const known = run?.videos.find((one) => one.video === video.id)?.people;
  return run && known && on ? <Lanes key={`${run.id}/${video.id}`} run={run} /> : null;
}

function Lanes({ run }: { run: Run }) {
  const { video, tools, timebase } = useReviewSession();
  const view = useStore(tools.view, (value) => value);
  const { start, stop } = spanToAsk(view, timebase.total);
  const { data } = useQuery({
    ...lanesQuery(run.id, video.id, { start, stop }),
    placeholderData: keepPreviousData,
  });
  const scale = useMemo(() => scaleOfPeople(run), [run]);
  const plot = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const head = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);

  useEffect(() => {
    const element = plot.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const rows = useMemo(
    () =>
      packed(
        (data?.people ?? []).filter((person) => person.stop > view.start && person.first < view.stop),
        view,
        Math.max(width, 1),
      ),
    [data, view, width],
  );
  const height = Math.max(rows.length, 1) * ROW + 6;

  useEffect(() => {
    const surface = canvas.current;
    const context = surface?.getContext("2d");
    if (!surface || !context || !scale || !data) return;
    const dpr = window.devicePixelRatio || 1;
    surface.width = Math.round(width * dpr);
    surface.height = Math.round(height * dpr);
    context.setTransform(dpr, 0, 0, dpr, 0, 0);
    rows.forEach((people, n) => {
      for (const { cells } of people) {
        for (const [first, score] of cells) {
          const strange = strangeness(score, scale);
          const from = xAt(view, first, width);
          const wide = Math.max(xAt(view, first + data.frames_per_cell, width) - from, 1);
          // thicker where stranger: never colour alone
          const tall = 2 + strange * (ROW - 4);
          context.fillStyle = colorOf(strange);
          context.fillRect(from, 3 + n * ROW + (ROW - 2 - tall) / 2, wide + 0.4, tall);
        }
      }
    });
  }, [rows, view, width, height, scale, data]);

  useEffect(() => {
    const move = (): void => {
      const element = head.current;
      if (!element) return;
      const x = xAt(tools.view.get(), tools.clock.get().frame + 0.5, width);
      element.style.transform = `translateX(${x}px)`;
      element.style.visibility = x < -1 || x > width + 1 ? "hidden" : "visible";
    };
    move();
    const stops = [tools.clock.subscribe(move), tools.view.subscribe(move)];
    return () => stops.forEach((off) => off());
  }, [tools, width]);

  const under = (event: MouseEvent<HTMLCanvasElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top - 3];
    return { x, person: personAt(rows, { x, y }, view, width) };
  };
  const shown = rows.reduce((sum, row) => sum + row.length, 0);
  const hidden = data?.hidden ? `; ${formatCount(data.hidden)} less strange people are not shown` : "";
  return (
    <div className={classes.lanes} data-testid="people-lanes">
      <div
        className={names.names}
        style={{ height }}
        title={`Who is there when, by how strange they are${hidden}`}
      >
        <div className={classes.name}>
          <PersonStanding size={12} aria-hidden /> People
        </div>
      </div>
      <div ref={plot} className={classes.plot} style={{ height }}>
        <canvas
          ref={canvas}
          style={{ height }}
          role="img"
          aria-label={`${formatCount(shown)} people in these frames${hidden}`}
          onMouseMove={(event) => {
            const { person } = under(event);
            event.currentTarget.title = person
              ? `Person ${person.track}: frames ${formatCount(person.first)} to ${formatCount(person.stop - 1)}, strangest ${formatScore(person.peak)}`
              : "";
          }}
          onClick={(event) => {
            const { x } = under(event);
            tools.player.pause();
            tools.player.seek(Math.floor(frameAt(view, x, width)));
          }}
        />
        <div ref={head} className={classes.head} aria-hidden />
      </div>
    </div>
  );
}
