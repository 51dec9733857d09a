import type { Span } from "../../lib/frames";
import { formatScore } from "../../lib/format";
import type { GroundTruthSpan } from "../../api/types";
import { inConflict, type Item, type ItemState, spanOf, stateOf } from "../items";
import { counting, type Voice } from "../voices";
import { type Band, boxOf, type Layout, type LaneId } from "./geometry";
import type { Palette } from "./palette";
import type { View } from "./view";

type Context = CanvasRenderingContext2D;

export type LaneScene = {
  layout: Layout;
  view: View;
  width: number;
  palette: Palette;
  /** those in the view, by start */
  items: readonly Item[];
  selected: Item | null;
  /** the selected item's edges as edited, a span being drawn or marked: not saved yet */
  unsaved: Span | null;
  truth: readonly GroundTruthSpan[];
  /** what another threshold would propose here */
  trial: readonly Span[] | null;
};

const GLYPHS: Record<ItemState, string> = {
  proposed: "",
  accepted: "✓",
  rejected: "✕",
  adjusted: "✎",
  unsure: "?",
};
const FONT = "11px ui-sans-serif, system-ui, sans-serif";

export function drawLanes(context: Context, scene: LaneScene): void {
  const { layout, palette, width } = scene;
  context.font = FONT;
  context.textBaseline = "middle";
  context.textAlign = "left";
  for (const { band } of layout.lanes) {
    context.fillStyle = palette.line;
    context.fillRect(0, band.top, width, 1);
  }
  drawSelection(context, scene);
  const proposals = bandOf(layout, "proposals");
  const verdicts = bandOf(layout, "verdicts");
  const team = layout.lanes.find((lane) => lane.id === "team");
  const crowds = { proposals: new Crowd(width), verdicts: new Crowd(width), team: new Crowd(width) };
  for (const item of scene.items) {
    const state = stateOf(item);
    if (item.listed && item.proposed && scene.trial === null) {
      const rank = state === "proposed" ? RANKS[item.severity ?? "medium"] : 1;
      if (crowds.proposals.admits(item, item.proposed, rank, scene))
        drawProposal(context, item, proposals, scene);
    }
    if (item.judgement && crowds.verdicts.admits(item, item.judgement, 2, scene))
      drawVerdict(context, item, verdicts, scene);
    const voice = team && counting(item.others);
    if (voice && crowds.team.admits(item, voice, inConflict(item) ? 3 : 2, scene))
      drawVoice(context, item, voice, team.band, scene);
  }
  for (const span of scene.trial ?? []) drawTrial(context, span, proposals, scene);
  if (scene.unsaved) drawUnsaved(context, scene.unsaved, verdicts, scene);
  const truth = layout.lanes.find((lane) => lane.id === "truth");
  if (truth) for (const span of scene.truth) drawTruth(context, span, truth.band, scene);
}

const RANKS = { high: 4, medium: 3, low: 2 } as const;
const SLIM = 4; // pixels: narrower blocks say no more than their colour

/**
 * Of blocks too narrow to tell apart only as many are drawn as there are pixels: the strongest of each. A lane of
 * tens of thousands then costs no more than a full one.
 */
class Crowd {
  private readonly drawn: Uint8Array;

  constructor(width: number) {
    this.drawn = new Uint8Array(Math.max(1, Math.ceil(width)));
  }

  admits(item: Item, span: Span, rank: number, scene: LaneScene): boolean {
    const { x, width } = boxOf(span, scene.view, scene.width);
    if (width > SLIM || item.subject === scene.selected?.subject) return true;
    const pixel = Math.min(Math.max(0, Math.floor(x)), this.drawn.length - 1);
    if ((this.drawn[pixel] ?? 0) >= rank) return false;
    this.drawn[pixel] = rank;
    return true;
  }
}

function bandOf(layout: Layout, id: LaneId): Band {
  return layout.lanes.find((lane) => lane.id === id)?.band ?? { top: 0, height: 0 };
}

function isVisible(span: Span, view: View): boolean {
  return span.stop >= view.start && span.start <= view.stop;
}

/** A light column behind the selected item, through curves and lanes. */
function drawSelection(context: Context, scene: LaneScene): void {
  const item = scene.selected;
  if (!item) return;
  const { x, width } = boxOf(scene.unsaved ?? spanOf(item), scene.view, scene.width);
  context.globalAlpha = 0.12;
  context.fillStyle = scene.palette.focus;
  context.fillRect(x, scene.layout.curve.top, width, scene.layout.height - scene.layout.curve.top);
  context.globalAlpha = 1;
}

function inner(band: Band): Band {
  return { top: band.top + 4, height: band.height - 7 };
}

/** Text only where it fits, and on the screen: a block that begins left of the view says it at the edge. */
function write(
  context: Context,
  texts: readonly string[],
  box: { x: number; width: number },
  band: Band,
  scene: LaneScene,
): void {
  const from = Math.max(box.x, 0) + 5;
  const to = Math.min(box.x + box.width, scene.width) - 4;
  if (to - from < 6) return;
  const fits = texts.find((text) => text && context.measureText(text).width <= to - from);
  if (fits) context.fillText(fits, from, band.top + band.height / 2 + 0.5);
}

function drawProposal(context: Context, item: Item, lane: Band, scene: LaneScene): void {
  const { palette } = scene;
  if (!item.proposed) return;
  const band = inner(lane);
  const box = boxOf(item.proposed, scene.view, scene.width);
  const chosen = item.subject === scene.selected?.subject;
  const open = item.judgement === null;
  const color = open ? palette.severity[item.severity ?? "medium"] : palette.dim;
  context.globalAlpha = open ? 0.16 : 0.05;
  context.fillStyle = color;
  context.fillRect(box.x, band.top, box.width, band.height);
  context.globalAlpha = open || chosen ? 1 : 0.6;
  context.strokeStyle = color;
  context.lineWidth = chosen ? 2 : 1.2;
  context.strokeRect(box.x + 0.5, band.top + 0.5, Math.max(1, box.width - 1), band.height - 1);
  context.fillStyle = open ? palette.text : palette.dim;
  const glyph = GLYPHS[stateOf(item)];
  write(
    context,
    [`${glyph} ${item.audit ? "audit" : formatScore(item.score)}`.trim(), glyph],
    box,
    band,
    scene,
  );
  context.globalAlpha = 1;
}

function drawTrial(context: Context, span: Span, lane: Band, scene: LaneScene): void {
  const band = inner(lane);
  const box = boxOf(span, scene.view, scene.width);
  context.strokeStyle = scene.palette.focus;
  context.lineWidth = 1.4;
  context.setLineDash([4, 3]);
  context.strokeRect(box.x + 0.5, band.top + 0.5, Math.max(1, box.width - 1), band.height - 1);
  context.setLineDash([]);
}

function drawVerdict(context: Context, item: Item, lane: Band, scene: LaneScene): void {
  const { palette } = scene;
  const state = stateOf(item);
  const band = inner(lane);
  const color = palette.states[state];
  if (state === "adjusted" && item.proposed) drawGhost(context, item.proposed, band, scene);
  const box = boxOf(spanOf(item), scene.view, scene.width);
  // while its edges are being moved, the saved verdict steps back behind them
  const moved = scene.unsaved !== null && item.subject === scene.selected?.subject;
  context.fillStyle = color;
  context.globalAlpha = moved ? 0.3 : state === "rejected" ? 0.25 : 1;
  context.beginPath();
  context.roundRect(box.x, band.top, box.width, band.height, Math.min(2, box.width / 2));
  context.fill();
  context.globalAlpha = 1;
  if (moved) return;
  if (state === "rejected") strike(context, box, band, color);
  context.fillStyle = state === "rejected" ? palette.text : palette.surface;
  const labels = item.judgement?.labels.join(", ");
  write(context, [`${GLYPHS[state]} ${labels || state}`, GLYPHS[state]], box, band, scene);
  if (item.subject === scene.selected?.subject) {
    context.strokeStyle = palette.text;
    context.lineWidth = 1.5;
    context.strokeRect(box.x, band.top - 0.5, box.width, band.height + 1);
  }
}

/** What counts among the others: half as strong as my own verdict, and marked where people disagree. */
function drawVoice(context: Context, item: Item, voice: Voice, lane: Band, scene: LaneScene): void {
  const { palette } = scene;
  const band = inner(lane);
  const box = boxOf(voice, scene.view, scene.width);
  const state = VOICE_STATES[voice.decision] ?? "unsure";
  const dispute = inConflict(item);
  const color = palette.states[state];
  context.fillStyle = palette.sunken; // what lies under it must not be read through it
  context.fillRect(box.x, band.top, box.width, band.height);
  context.globalAlpha = 0.32;
  context.fillStyle = color;
  context.fillRect(box.x, band.top, box.width, band.height);
  context.globalAlpha = 1;
  context.strokeStyle = dispute ? palette.severity.high : color;
  context.lineWidth = dispute ? 2 : 1;
  context.strokeRect(box.x + 0.5, band.top + 0.5, Math.max(1, box.width - 1), band.height - 1);
  if (state === "rejected" && !dispute) strike(context, box, band, color);
  context.fillStyle = palette.text;
  const names = item.others.map((one) => one.reviewer).join(", ");
  const glyph = dispute ? "≠" : GLYPHS[state];
  write(
    context,
    [`${glyph} ${dispute ? "conflict: " : ""}${names}`, `${glyph} ${names}`, glyph],
    box,
    band,
    scene,
  );
}

const VOICE_STATES: Record<string, ItemState> = {
  accept: "accepted",
  reject: "rejected",
  unsure: "unsure",
};

function strike(context: Context, box: { x: number; width: number }, band: Band, color: string): void {
  context.strokeStyle = color;
  context.lineWidth = 1;
  context.strokeRect(box.x + 0.5, band.top + 0.5, Math.max(1, box.width - 1), band.height - 1);
  context.beginPath();
  context.moveTo(box.x, band.top + band.height);
  context.lineTo(box.x + box.width, band.top);
  context.stroke();
}

/** Where the model had it. */
function drawGhost(context: Context, span: Span, band: Band, scene: LaneScene): void {
  const box = boxOf(span, scene.view, scene.width);
  context.globalAlpha = 0.75;
  context.strokeStyle = scene.palette.states.adjusted;
  context.lineWidth = 1;
  context.setLineDash([2, 2]);
  context.strokeRect(box.x + 0.5, band.top - 1.5, Math.max(1, box.width - 1), band.height + 3);
  context.setLineDash([]);
  context.globalAlpha = 1;
}

function drawUnsaved(context: Context, span: Span, lane: Band, scene: LaneScene): void {
  const band = inner(lane);
  const box = boxOf(span, scene.view, scene.width);
  const color = scene.palette.states.adjusted;
  context.globalAlpha = 0.3;
  context.fillStyle = color;
  context.fillRect(box.x, band.top, box.width, band.height);
  context.globalAlpha = 1;
  context.strokeStyle = color;
  context.lineWidth = 1.5;
  context.setLineDash([4, 3]);
  context.strokeRect(box.x + 0.5, band.top + 0.5, Math.max(1, box.width - 1), band.height - 1);
  context.setLineDash([]);
  context.fillStyle = scene.palette.text;
  write(context, ["not saved"], box, band, scene);
}

let hatch: { color: string; pattern: CanvasPattern | null } | null = null;

function hatching(context: Context, color: string): CanvasPattern | string {
  if (hatch?.color !== color) {
    const tile = new OffscreenCanvas(6, 6);
    const pen = tile.getContext("2d");
    if (pen) {
      pen.strokeStyle = color;
      pen.lineWidth = 1.4;
      pen.beginPath();
      for (const shift of [-6, 0, 6]) {
        pen.moveTo(shift, 6);
        pen.lineTo(shift + 6, 0);
      }
      pen.stroke();
    }
    hatch = { color, pattern: context.createPattern(tile, "repeat") };
  }
  return hatch.pattern ?? color;
}

function drawTruth(context: Context, span: GroundTruthSpan, lane: Band, scene: LaneScene): void {
  if (!isVisible(span, scene.view)) return;
  const band = inner(lane);
  const box = boxOf(span, scene.view, scene.width);
  context.fillStyle = hatching(context, scene.palette.truth);
  context.fillRect(box.x, band.top, box.width, band.height);
  context.strokeStyle = scene.palette.truth;
  context.lineWidth = 1;
  context.strokeRect(box.x + 0.5, band.top + 0.5, Math.max(1, box.width - 1), band.height - 1);
  const text = span.label || "abnormal";
  const wide = context.measureText(text).width + 8;
  if (wide > box.width - 6) return;
  const from = Math.max(box.x, 0) + 4;
  context.fillStyle = scene.palette.surface;
  context.fillRect(from, band.top + 1, wide, band.height - 2);
  context.fillStyle = scene.palette.text;
  context.fillText(text, from + 4, band.top + band.height / 2 + 0.5);
}
