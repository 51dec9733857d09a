import { useComputedColorScheme } from "@mantine/core";
import { type PointerEvent, useEffect, useLayoutEffect, useRef } from "react";

import type { Store } from "../../lib/store";
import { detectorColorLiteral } from "../../ui/colors";
import { useReviewSession } from "../session";
import type { Curve } from "../useRuns";
import { drawCurve } from "./drawCurves";
import { rangeOf } from "./geometry";
import { readPalette } from "./palette";
import { fitCanvas } from "./Timeline";
import classes from "./timeline.module.css";
import { columnsOf, type TrackTiles } from "./tiles";
import { clampView, fit, frameAt, xAt } from "./view";

/** The whole video, and which part of it the timeline shows. Drag to move that part. */
export function Minimap(props: { tiles: TrackTiles; curves: readonly Curve[]; redraw: Store<number> }) {
  const { tiles, curves, redraw } = props;
  const { tools, timebase, run } = useReviewSession();
  const scheme = useComputedColorScheme("dark", { getInitialValueInEffect: false });
  const canvas = useRef<HTMLCanvasElement>(null);
  const frame = useRef<HTMLDivElement>(null);
  const { total } = timebase;
  const threshold = run?.threshold ?? null;

  useEffect(() => {
    let asked = 0;
    const draw = (): void => {
      asked = 0;
      const surface = canvas.current;
      const context = surface?.getContext("2d");
      if (!surface || !context || surface.clientWidth === 0) return;
      const [width, height] = [surface.clientWidth, surface.clientHeight];
      fitCanvas(surface, context, width, height);
      context.clearRect(0, 0, width, height);
      const palette = readPalette(surface, scheme);
      const curve =
        curves.find((one) => one.kind === "chosen") ?? curves.find((one) => one.kind === "motion");
      if (!curve) return;
      const whole = fit(total);
      const columns = columnsOf(tiles.windows(curve.track.id, whole, width), whole, width);
      const color = curve.kind === "motion" ? palette.dim : detectorColorLiteral(curve.color, palette.scheme);
      const range = rangeOf(curve.track, threshold);
      drawCurve(context, { columns, range, color, kind: curve.kind }, { top: 0, height }, threshold);
    };
    const invalidate = (): void => {
      asked ||= requestAnimationFrame(draw);
    };
    invalidate();
    const stop = redraw.subscribe(invalidate);
    return () => {
      stop();
      cancelAnimationFrame(asked);
    };
  }, [tiles, curves, redraw, scheme, total, threshold]);

  useLayoutEffect(() => {
    const place = (): void => {
      if (!frame.current) return;
      const { start, stop } = tools.view.get();
      frame.current.style.left = `${(start / Math.max(total, 1)) * 100}%`;
      frame.current.style.width = `${((stop - start) / Math.max(total, 1)) * 100}%`;
    };
    place();
    return tools.view.subscribe(place);
  }, [tools, total]);

  const move = (event: PointerEvent<HTMLDivElement>, grab: number): void => {
    const box = event.currentTarget.getBoundingClientRect();
    const { start, stop } = tools.view.get();
    const at = frameAt(fit(total), event.clientX - box.left, box.width);
    const begin = at - grab * (stop - start);
    tools.view.set(clampView({ start: begin, stop: begin + stop - start }, total));
  };
  const grab = useRef(0.5);

  return (
    <div
      className={classes.minimap}
      aria-hidden
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        const box = event.currentTarget.getBoundingClientRect();
        const view = tools.view.get();
        const [from, to] = [xAt(fit(total), view.start, box.width), xAt(fit(total), view.stop, box.width)];
        const x = event.clientX - box.left;
        // inside the frame it is held where it was taken; elsewhere it jumps there
        grab.current = x >= from && x <= to ? (x - from) / Math.max(to - from, 1) : 0.5;
        move(event, grab.current);
      }}
      onPointerMove={(event) => {
        if (event.buttons & 1) move(event, grab.current);
      }}
    >
      <canvas ref={canvas} className={classes.minimapCanvas} />
      <div ref={frame} className={classes.window} />
    </div>
  );
}
