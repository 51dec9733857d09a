import type { Span } from "../../lib/frames";
import { type Store } from "../../lib/store";
import { detectorColorLiteral } from "../../ui/colors";
import { draftOf } from "../drafts";
import { type Item, spanOf } from "../items";
import type { Session } from "../session";
import { type Curve } from "../useRuns";
import { drawCurve, drawRuler, drawThreshold } from "./drawCurves";
import { drawLanes } from "./drawLanes";
import { type Layout, type Range, rangeOf } from "./geometry";
import type { Block } from "./hit";
import type { Palette } from "./palette";
import { columnsOf, type TrackTiles } from "./tiles";
import { counting } from "../voices";
import { laneIndex } from "./laneIndex";

/** What the pointer is doing on the timeline, between two frames of the screen. */
export type Gesture = {
  kind: "none" | "threshold" | "pan" | "scrub" | "edge" | "draw";
  drawing: Span | null;
};

export type Scene = {
  session: Session;
  curves: readonly Curve[];
  tiles: TrackTiles;
  layout: Layout;
  width: number;
  palette: Palette;
  gesture: Store<Gesture>;
};

export function chosenRange(curves: readonly Curve[], threshold: number | null): Range | null {
  const chosen = curves.find((curve) => curve.kind === "chosen");
  return chosen ? rangeOf(chosen.track, threshold) : null;
}

/** The threshold on show: the one being tried, else the run's own. */
export function thresholdOf({ tools, run }: Session): number | null {
  const trial = tools.trial.get();
  return trial?.tuning.threshold ?? trial?.preview?.threshold ?? run?.threshold ?? null;
}

/** The scale must not move under a threshold that is being dragged: it follows the run's own. */
export function scaleOf(session: Session, curves: readonly Curve[]): Range | null {
  return chosenRange(curves, session.run?.threshold ?? null);
}

/** Edges as edited, or the span being drawn or marked. */
export function unsavedSpan({ tools, selected, video }: Session, gesture: Gesture): Span | null {
  if (gesture.drawing) return gesture.drawing;
  const drafts = tools.drafts.get();
  if (selected) return draftOf(drafts, selected.subject).span ?? null;
  const { marks } = drafts;
  if (marks?.video !== video.id) return null;
  const known = marks.start ?? marks.stop;
  return known === null ? null : { start: marks.start ?? known - 1, stop: marks.stop ?? known + 1 };
}

/** What can be hit on the lanes, of these items. */
export function blocksOf(items: readonly Item[], unsaved: Span | null, selected: Item | null): Block[] {
  const blocks: Block[] = [];
  for (const item of items) {
    if (item.listed && item.proposed) {
      blocks.push({ subject: item.subject, lane: "proposals", span: item.proposed });
    }
    if (item.judgement) blocks.push({ subject: item.subject, lane: "verdicts", span: spanOf(item) });
    const others = counting(item.others);
    if (others) blocks.push({ subject: item.subject, lane: "team", span: others });
  }
  if (unsaved && selected) blocks.push({ subject: selected.subject, lane: "verdicts", span: unsaved });
  return blocks;
}

export function drawScene(context: CanvasRenderingContext2D, scene: Scene): void {
  const { session, curves, tiles, layout, width, palette } = scene;
  const { tools, timebase, video } = session;
  const view = tools.view.get();
  const gesture = scene.gesture.get();
  const threshold = thresholdOf(session);
  context.clearRect(0, 0, width, layout.height);
  context.fillStyle = palette.surface;
  context.fillRect(0, layout.curve.top, width, layout.curve.height);
  drawRuler(context, layout, view, timebase, palette, width);
  for (const { track, kind, color } of curves) {
    const range = kind === "chosen" ? scaleOf(session, curves) : rangeOf(track, null);
    if (!range) continue;
    const columns = columnsOf(tiles.windows(track.id, view, width), view, width);
    // motion is only a hint: it keeps to the lower half
    const band = kind === "motion" ? lowerHalf(layout) : layout.curve;
    const stroke = strokeOf(kind, color, palette);
    drawCurve(context, { columns, range, color: stroke, kind }, band, kind === "chosen" ? threshold : null);
  }
  const trial = tools.trial.get();
  drawLanes(context, {
    layout,
    view,
    width,
    palette,
    items: laneIndex(session.items).within(view.start, view.stop),
    selected: session.selected,
    unsaved: unsavedSpan(session, gesture),
    truth: video.ground_truth,
    trial: trial?.preview?.intervals ?? null,
  });
  const range = scaleOf(session, curves);
  if (range && threshold !== null) {
    const active = gesture.kind === "threshold" || trial !== null;
    drawThreshold(context, { value: threshold, range, band: layout.curve, palette, width, active });
  }
}

/** A detector has its colour everywhere; what is of no detector is of the text's. */
function strokeOf(kind: Curve["kind"], color: number, palette: Palette): string {
  if (kind === "motion") return palette.dim;
  return kind === "fused" ? palette.text : detectorColorLiteral(color, palette.scheme);
}

function lowerHalf(layout: Layout) {
  const height = layout.curve.height / 2;
  return { top: layout.curve.top + height, height };
}
