import { useComputedColorScheme } from "@mantine/core";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";

import { fetchTrackWindow } from "../../api/queries/tracks";
import { formatCount } from "../../lib/format";
import { createStore } from "../../lib/store";
import { useReviewSession } from "../session";
import { curvesOf } from "../useRuns";
import { HoverCard } from "./HoverCard";
import { LaneNames } from "./LaneNames";
import { lanesFor, layoutOf } from "./geometry";
import { laneIndex } from "./laneIndex";
import { Minimap } from "./Minimap";
import { readPalette } from "./palette";
import { drawScene, type Scene } from "./scene";
import classes from "./timeline.module.css";
import { TrackTiles } from "./tiles";
import { ThresholdTag } from "./ThresholdTag";
import { createGesture, type Pointer, useGestures } from "./useGestures";
import { follow, xAt } from "./view";

/** Curves, threshold and lanes over time. Drawn on one canvas; nothing of it renders while it moves. */
export function Timeline({ onThreshold }: { onThreshold: (value: number) => void }) {
  const session = useReviewSession();
  const { tools, video, timebase, tracks, runs, run, shown } = session;
  const scheme = useComputedColorScheme("dark", { getInitialValueInEffect: false });
  const canvas = useRef<HTMLCanvasElement>(null);
  const head = useRef<HTMLDivElement>(null);
  const scene = useRef<Scene | null>(null);
  const [size, setSize] = useState({ width: 0, height: 0 });
  const [gesture] = useState(createGesture);
  const [hover] = useState(() => createStore<Pointer | null>(null));
  const [redraw] = useState(() => createStore(0));

  const curves = useMemo(() => curvesOf(tracks, runs, run, shown), [tracks, runs, run, shown]);
  const tiles = useTiles(timebase.total, redraw);
  const others = laneIndex(session.items).hasOthers;
  const truth = video.ground_truth.length > 0;
  const layout = useMemo(
    () => layoutOf(size.height, lanesFor({ others, truth })),
    [size.height, others, truth],
  );

  useLayoutEffect(() => {
    const surface = canvas.current;
    if (!surface) return;
    const measure = (): void => setSize({ width: surface.clientWidth, height: surface.clientHeight });
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(surface);
    return () => observer.disconnect();
  }, []);

  // the scene is what was last rendered; drawing happens once a screen frame, whatever asked for it
  useLayoutEffect(() => {
    const surface = canvas.current;
    if (!surface || size.width === 0) return;
    scene.current = {
      session,
      curves,
      tiles,
      layout,
      width: size.width,
      palette: readPalette(surface, scheme),
      gesture,
    };
    redraw.set((n) => n + 1);
  }, [session, curves, tiles, layout, size, scheme, gesture, redraw]);

  useEffect(() => {
    let asked = 0;
    const draw = (): void => {
      asked = 0;
      const surface = canvas.current;
      const context = surface?.getContext("2d");
      const now = scene.current;
      if (!surface || !context || !now) return;
      fitCanvas(surface, context, now.width, now.layout.height);
      drawScene(context, now);
      now.tiles.want(
        now.curves.map((curve) => curve.track.id),
        tools.view.get(),
        now.width,
      );
      movePlayhead();
    };
    const movePlayhead = (): void => {
      const now = scene.current;
      if (!head.current || !now) return;
      const x = xAt(tools.view.get(), tools.clock.get().frame + 0.5, now.width);
      head.current.style.transform = `translateX(${x}px)`;
      head.current.style.visibility = x < -1 || x > now.width + 1 ? "hidden" : "visible";
    };
    const invalidate = (): void => {
      asked ||= requestAnimationFrame(draw);
    };
    const tick = (): void => {
      const { playing, frame } = tools.clock.get();
      if (playing && gesture.get().kind === "none")
        tools.view.set(follow(tools.view.get(), frame, timebase.total));
      movePlayhead();
    };
    const stops = [tools.view, tools.drafts, tools.trial, gesture, redraw].map((store) =>
      store.subscribe(invalidate),
    );
    stops.push(tools.clock.subscribe(tick));
    invalidate();
    return () => {
      cancelAnimationFrame(asked);
      for (const stop of stops) stop();
    };
  }, [tools, gesture, redraw, timebase.total]);

  useGestures({ canvas, scene, hover, onThreshold });

  const items = session.items.length;
  return (
    <div className={classes.timeline}>
      <LaneNames layout={layout}>
        <ThresholdTag layout={layout} curves={curves} onThreshold={onThreshold} />
      </LaneNames>
      <div className={classes.plot}>
        <canvas
          ref={canvas}
          className={classes.canvas}
          data-testid="timeline"
          role="img"
          aria-label={`Timeline: anomaly curve and ${formatCount(items)} items. The button Table shows the same as text.`}
        />
        <div ref={head} className={classes.playhead} aria-hidden />
        <HoverCard hover={hover} tiles={tiles} curves={curves} />
      </div>
      <Minimap tiles={tiles} curves={curves} redraw={redraw} />
    </div>
  );
}

function useTiles(total: number, redraw: { set: (next: (n: number) => number) => void }): TrackTiles {
  const onArrival = useCallback(() => redraw.set((n) => n + 1), [redraw]);
  const tiles = useMemo(() => new TrackTiles(fetchTrackWindow, total, onArrival), [total, onArrival]);
  useEffect(() => () => tiles.clear(), [tiles]);
  return tiles;
}

export function fitCanvas(
  surface: HTMLCanvasElement,
  context: CanvasRenderingContext2D,
  width: number,
  height: number,
): void {
  const dpr = window.devicePixelRatio || 1;
  const [wide, tall] = [Math.round(width * dpr), Math.round(height * dpr)];
  if (surface.width !== wide || surface.height !== tall) {
    surface.width = wide;
    surface.height = tall;
  }
  context.setTransform(dpr, 0, 0, dpr, 0, 0);
}
