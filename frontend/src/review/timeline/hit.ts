import type { Uuid } from "../../api/types";
import type { Span } from "../../lib/frames";
import type { Edge } from "../acts";
import { boxOf, type LaneId, type Layout } from "./geometry";
import type { View } from "./view";

/** Something that can be hit on a lane. */
export type Block = { subject: Uuid; lane: LaneId; span: Span };

export type Hit =
  | { kind: "ruler" }
  | { kind: "threshold" }
  | { kind: "curve" }
  | { kind: "edge"; subject: Uuid; edge: Edge }
  | { kind: "item"; subject: Uuid }
  | { kind: "lane"; lane: LaneId };

const REACH = 5; // pixels around a line that still mean it
const NARROW = 14; // below this an item is clicked, not dragged by its edges

type Place = { x: number; y: number };
type Scene = {
  layout: Layout;
  view: View;
  width: number;
  blocks: readonly Block[];
  selected: Uuid | null;
  /** where the threshold line is; null: there is none to drag */
  thresholdY: number | null;
};

/** What lies under the pointer. The selected item wins, then whatever is drawn last. */
export function hitTest({ x, y }: Place, scene: Scene): Hit {
  const { layout, thresholdY } = scene;
  if (y < layout.curve.top) return { kind: "ruler" };
  const lane = layout.lanes.find(({ band }) => y >= band.top && y < band.top + band.height);
  if (!lane)
    return thresholdY !== null && Math.abs(y - thresholdY) <= REACH
      ? { kind: "threshold" }
      : { kind: "curve" };
  if (lane.id === "truth") return { kind: "lane", lane: "truth" };
  if (lane.id === "team") {
    const others = scene.blocks.filter((block) => block.lane === "team");
    return itemAt(x, others, scene) ?? { kind: "lane", lane: "team" };
  }
  const blocks = scene.blocks.filter((block) => block.lane === lane.id);
  const own = blocks.filter((block) => block.subject === scene.selected);
  const ordered = [...own, ...blocks.filter((block) => block.subject !== scene.selected).toReversed()];
  return edgeAt(x, ordered, scene) ?? itemAt(x, ordered, scene) ?? { kind: "lane", lane: lane.id };
}

function edgeAt(x: number, blocks: readonly Block[], { view, width, selected }: Scene): Hit | null {
  for (const { subject, span } of blocks) {
    const box = boxOf(span, view, width);
    const narrow = box.width < NARROW;
    if (narrow && subject !== selected) continue;
    // of a narrow item only what lies outside of it: its middle is for clicking
    const inside = narrow ? 0 : REACH;
    const fromStart = x - box.x;
    const fromStop = x - (box.x + box.width);
    if (fromStart >= -REACH && fromStart <= inside) return { kind: "edge", subject, edge: "start" };
    if (fromStop >= -inside && fromStop <= REACH) return { kind: "edge", subject, edge: "stop" };
  }
  return null;
}

function itemAt(x: number, blocks: readonly Block[], { view, width }: Scene): Hit | null {
  for (const { subject, span } of blocks) {
    const box = boxOf(span, view, width);
    if (x >= box.x - 1 && x <= box.x + box.width + 1) return { kind: "item", subject };
  }
  return null;
}
