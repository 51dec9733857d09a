import { useComputedColorScheme } from "@mantine/core";
import { type KeyboardEvent, type PointerEvent, useEffect, useLayoutEffect, useRef, useState } from "react";

import { formatScore } from "../../lib/format";
import { useReviewSession } from "../session";
import { type Palette, readPalette } from "../timeline/palette";
import { fitCanvas } from "../timeline/Timeline";
import { type Look, paint } from "./paint";
import {
  type Corner,
  fitLens,
  frameOf,
  type Lens,
  pointAt,
  type Points,
  windowAt,
  within,
  zoomed,
} from "./points";
import classes from "./patterns.module.css";

type Props = {
  points: Points;
  look: Look;
  height: number;
  /** places of the selected windows */
  chosen: ReadonlySet<number> | null;
  onSeek: (place: number) => void;
  onLasso: (places: number[]) => void;
};

type Hover = { place: number; x: number; y: number };

/** All windows on one canvas, and over it what moves: the lasso, the selection, the playhead's window. */
export function MapCanvas({ points, look, height, chosen, onSeek, onLasso }: Props) {
  const { tools, video } = useReviewSession();
  const scheme = useComputedColorScheme("dark", { getInitialValueInEffect: false });
  const base = useRef<HTMLCanvasElement>(null);
  const over = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(0);
  const [lens, setLens] = useState<Lens | null>(null);
  const [lasso, setLasso] = useState<readonly Corner[] | null>(null);
  const [hover, setHover] = useState<Hover | null>(null);
  const shown = lens ?? fitLens(width, height);

  useLayoutEffect(() => {
    const surface = base.current;
    if (!surface) return;
    const measure = (): void => setWidth(surface.clientWidth);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(surface);
    return () => observer.disconnect();
  }, []);

  useEffect(() => {
    const surface = base.current;
    const context = surface?.getContext("2d");
    if (!surface || !context || width === 0) return;
    fitCanvas(surface, context, width, height);
    context.clearRect(0, 0, width, height);
    const grown = Math.min(3, Math.sqrt(shown.scale / fitLens(width, height).scale));
    paint(context, points, shown, look, readPalette(surface, scheme), sizeOf(points.count) * grown);
  }, [points, shown, look, width, height, scheme]);

  useEffect(() => {
    const surface = over.current;
    const context = surface?.getContext("2d");
    if (!surface || !context || width === 0) return;
    const palette = readPalette(surface, scheme);
    let marked: number | null | undefined;
    const draw = (): void => {
      const live = windowAt(points, video.id, tools.clock.get().frame);
      if (live === marked) return;
      marked = live;
      fitCanvas(surface, context, width, height);
      context.clearRect(0, 0, width, height);
      if (chosen) ring(context, points, shown, chosen, palette.text);
      if (lasso) line(context, lasso, palette);
      if (live !== null) playhead(context, points, shown, live, palette);
    };
    draw();
    return tools.clock.subscribe(draw);
  }, [points, shown, chosen, lasso, width, height, scheme, tools, video.id]);

  const place = (event: PointerEvent<HTMLElement>): Corner => {
    const box = event.currentTarget.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };

  // not React's own handler: that one is passive and could not keep the panel from scrolling
  useEffect(() => {
    const surface = over.current;
    if (!surface) return;
    const onWheel = (event: WheelEvent): void => {
      event.preventDefault();
      const box = surface.getBoundingClientRect();
      const at = { x: event.clientX - box.left, y: event.clientY - box.top };
      setLens((old) =>
        zoomedWithin(old ?? fitLens(width, height), Math.exp(-event.deltaY / 400), at, width, height),
      );
      setHover(null);
    };
    surface.addEventListener("wheel", onWheel, { passive: false });
    return () => surface.removeEventListener("wheel", onWheel);
  }, [width, height]);

  const onPointerDown = (event: PointerEvent<HTMLElement>): void => {
    if (event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    setHover(null);
    setLasso([place(event)]);
  };
  const onPointerMove = (event: PointerEvent<HTMLElement>): void => {
    const at = place(event);
    if (lasso) return setLasso([...lasso, at]);
    const found = pointAt(points, shown, at);
    setHover(found === null ? null : { place: found, ...at });
  };
  const onPointerUp = (event: PointerEvent<HTMLElement>): void => {
    if (!lasso) return;
    const at = place(event);
    const first = lasso[0] ?? at;
    setLasso(null);
    if (lasso.length < 6 && Math.hypot(at.x - first.x, at.y - first.y) < 5) {
      const found = pointAt(points, shown, at);
      if (found !== null) onSeek(found);
    } else onLasso(within(points, shown, lasso));
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const middle = { x: width / 2, y: height / 2 };
    if (event.key !== "+" && event.key !== "-" && event.key !== "0") return;
    event.stopPropagation();
    event.preventDefault();
    if (event.key === "0") setLens(null);
    else setLens(zoomedWithin(shown, event.key === "+" ? 1.4 : 1 / 1.4, middle, width, height));
  };

  return (
    <div className={classes.map} style={{ height }}>
      <canvas ref={base} className={classes.layer} aria-hidden />
      <canvas
        ref={over}
        className={classes.layer}
        data-testid="pattern-map"
        role="img"
        tabIndex={0}
        aria-label={`Map of ${points.count} windows. Click goes to a window, a drawn line selects, plus and minus zoom. The table below holds the strangest.`}
        onPointerDown={onPointerDown}
        onPointerMove={onPointerMove}
        onPointerUp={onPointerUp}
        onPointerCancel={() => setLasso(null)}
        onPointerLeave={() => setHover(null)}
        onDoubleClick={() => setLens(null)}
        onKeyDown={onKeyDown}
      />
      {lens && (
        <button type="button" className={classes.whole} onClick={() => setLens(null)}>
          Whole map
        </button>
      )}
      {hover && !lasso && <Hint points={points} hover={hover} width={width} />}
    </div>
  );
}

function zoomedWithin(lens: Lens, factor: number, at: Corner, width: number, height: number): Lens | null {
  const whole = fitLens(width, height);
  const scale = Math.min(lens.scale * factor, whole.scale * 64);
  return scale <= whole.scale ? null : zoomed(lens, scale / lens.scale, at);
}

function sizeOf(count: number): number {
  return count > 8000 ? 2 : count > 1500 ? 2.5 : count > 300 ? 3.5 : 5;
}

type Context = CanvasRenderingContext2D;

function at(points: Points, lens: Lens, place: number): Corner {
  return {
    x: (points.x[place] ?? 0) * lens.scale + lens.dx,
    y: (points.y[place] ?? 0) * lens.scale + lens.dy,
  };
}

function ring(
  context: Context,
  points: Points,
  lens: Lens,
  chosen: ReadonlySet<number>,
  color: string,
): void {
  context.beginPath();
  for (const place of chosen) {
    const { x, y } = at(points, lens, place);
    context.rect(x - 3.5, y - 3.5, 7, 7);
  }
  context.strokeStyle = color;
  context.lineWidth = 1;
  context.stroke();
}

function line(context: Context, lasso: readonly Corner[], palette: Palette): void {
  context.beginPath();
  for (const { x, y } of lasso) context.lineTo(x, y);
  context.closePath();
  context.globalAlpha = 0.15;
  context.fillStyle = palette.focus;
  context.fill();
  context.globalAlpha = 1;
  context.strokeStyle = palette.focus;
  context.lineWidth = 1.5;
  context.setLineDash([4, 3]);
  context.stroke();
  context.setLineDash([]);
}

function playhead(context: Context, points: Points, lens: Lens, live: number, palette: Palette): void {
  const { x, y } = at(points, lens, live);
  for (const [color, wide] of [
    [palette.surface, 5],
    [palette.focus, 2.5],
  ] as const) {
    context.beginPath();
    context.arc(x, y, 8, 0, 2 * Math.PI);
    context.moveTo(x - 13, y);
    context.lineTo(x - 5, y);
    context.moveTo(x + 5, y);
    context.lineTo(x + 13, y);
    context.strokeStyle = color;
    context.lineWidth = wide;
    context.stroke();
  }
}

function Hint({ points, hover, width }: { points: Points; hover: Hover; width: number }) {
  const { place, x, y } = hover;
  const name = points.videos[points.video[place] ?? 0]?.name ?? "";
  const side = x > width / 2 ? { right: width - x + 10 } : { left: x + 10 };
  return (
    <div className={classes.hint} style={{ ...side, top: Math.max(0, y - 14) }}>
      <b>{formatScore(points.score[place] ?? null)}</b> {name}, frame {frameOf(points, place)}
    </div>
  );
}
