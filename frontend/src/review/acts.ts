import type { Label, RejectReason, Uuid, VerdictRequest } from "../api/types";
import {
  formatSeconds,
  sameSpan,
  type Span,
  spanSeconds,
  type Timebase,
  toSpan,
  withEdge,
} from "../lib/frames";
import { uuid } from "../lib/uuid";
import { afterUndo, type ManyStep, type Said, targetOf, undoRequest, verdictRequest } from "./decisions";
import { changeDraft, draftOf, dropDraft, dropMoved, toggled, withDraft } from "./drafts";
import { inConflict, type Item, neighbourPeak, REASONS, spanOf } from "./items";
import { createMarking } from "./marking";
import { neighbour, nextOpen } from "./queue";
import { createStatements, DONE, type Given } from "./statements";
import { say, type Tools } from "./tools";
import { fit, reveal, zoomTo } from "./timeline/view";

/** What the verbs need to know of the desk at the moment a key is pressed. */
export type Moment = {
  video: Uuid;
  timebase: Timebase;
  labels: readonly Label[];
  mayDecide: boolean;
  /** a manager, whose word ends a disagreement */
  maySettle: boolean;
  items: readonly Item[];
  queue: readonly Item[];
  selected: Item | null;
};

export type Effects = {
  moment: () => Moment;
  /** change the address: select, or move to another video */
  go: (to: { video: Uuid; segment: Uuid | null; frame: number }) => void;
  /** a decision is made: show it and send it */
  submit: (request: VerdictRequest, change: { item: Item | null; from: boolean; to: boolean }) => void;
};

export type Edge = "start" | "stop";
const VIEWERS_CANNOT = "Viewers cannot decide. A manager can make you a reviewer.";

/** The verbs of the desk: what keys and buttons do. They read the moment, so they never change themselves. */
export function createActs(tools: Tools, effects: Effects) {
  const { moment, go, submit } = effects;

  function frameOf(item: Item): number {
    const span = draftOf(tools.drafts.get(), item.subject).span ?? spanOf(item);
    if (tools.settings.get().opens !== "peak") return span.start;
    return Math.min(Math.max(item.peak, span.start), span.stop - 1);
  }

  function open(item: Item): void {
    const { video, timebase } = moment();
    const { opens, zoom } = tools.settings.get();
    const frame = frameOf(item);
    tools.reasoning.set(false);
    tools.arrival.arrived();
    tools.watch.look(item.subject);
    tools.opened.add(item.subject);
    if (item.video !== video) {
      // the desk arranges itself when the other video is there
      if (opens === "play") tools.player.playNext();
      return go({ video: item.video, segment: item.subject, frame });
    }
    go({ video: item.video, segment: item.subject, frame });
    if (opens !== "play") tools.player.pause();
    tools.player.seek(frame);
    if (opens === "play") tools.player.play();
    const span = spanOf(item);
    if (zoom === "fit") tools.view.set(fit(timebase.total));
    else
      tools.view.set((view) =>
        zoom === "item" ? zoomTo(span, timebase.total) : reveal(view, span, timebase.total),
      );
  }

  /** Select without going there: the playhead stays. */
  function select(item: Item): void {
    tools.watch.look(item.subject);
    tools.opened.add(item.subject);
    go({ video: item.video, segment: item.subject, frame: tools.clock.get().frame });
  }

  function deselect(): void {
    tools.watch.look(null);
    go({ video: moment().video, segment: null, frame: tools.clock.get().frame });
  }

  /** Go to a frame, of this video or another. */
  function visit(target: Uuid, frame: number): void {
    tools.player.pause();
    if (target === moment().video) tools.player.seek(frame);
    else go({ video: target, segment: null, frame });
  }

  function step(direction: 1 | -1): void {
    const { queue, selected } = moment();
    const item = neighbour(queue, selected?.subject ?? null, direction);
    if (item) open(item);
    else
      say(
        tools,
        queue.length === 0
          ? "The queue is empty"
          : direction > 0
            ? "That was the last item"
            : "That was the first item",
      );
  }

  function peak(direction: 1 | -1): void {
    const { items } = moment();
    const peaks = items.filter((item) => item.proposed).map((item) => item.peak);
    const found = neighbourPeak(peaks, tools.clock.get().target, direction);
    if (found === null) say(tools, direction > 0 ? "No peak after this frame" : "No peak before this frame");
    else tools.player.seek(found);
  }

  /** Say it, remember how to take it back. */
  function give(item: Item, said: Said, what: string): void {
    const target = targetOf(item);
    const key = uuid();
    // a manager who decides what others disagree about ends the disagreement
    const settles = moment().maySettle && inConflict(item);
    tools.undo.set((steps) =>
      [...steps, { target, item, before: item.judgement, span: spanOf(item), what, key }].slice(-200),
    );
    const seconds = tools.watch.take(item.subject);
    submit(verdictRequest(target, { ...said, settles }, key, seconds), {
      item,
      from: item.judgement !== null,
      to: true,
    });
    dropDraft(tools.drafts, item.subject);
  }

  function mayGive(): boolean {
    if (!moment().mayDecide) say(tools, VIEWERS_CANNOT, "warning");
    return moment().mayDecide;
  }

  /** Not before the picture of the item that the last decision led to. */
  function isTooEarly(): boolean {
    const why = tools.arrival.whyWait();
    if (why) say(tools, why, "warning");
    return why !== null;
  }

  function decide(decision: Given, reason: RejectReason = ""): void {
    tools.reasoning.set(false);
    if (!mayGive() || isTooEarly()) return;
    const { selected, queue, video } = moment();
    const { marks } = tools.drafts.get();
    if (!selected) {
      if (decision === "accept" && marks?.video === video && marks.start !== null && marks.stop !== null) {
        draw({ start: marks.start, stop: marks.stop });
      } else say(tools, "Select an item first: J takes the next one", "warning");
      return;
    }
    const draft = withDraft(selected, draftOf(tools.drafts.get(), selected.subject));
    // who rejects a proposal rejects it as proposed, whatever was tried with its edges
    const span = decision === "reject" ? spanOf(selected) : draft.span;
    const again = selected.judgement !== null;
    give(
      selected,
      { decision, ...span, labels: draft.labels, reason, comment: draft.comment },
      DONE[decision],
    );
    const why = REASONS.find((one) => one.reason === reason)?.label.toLowerCase();
    say(tools, why ? `${DONE[decision]}: ${why}` : DONE[decision]);
    if (!tools.settings.get().advance || selected.proposed === null) return;
    const next = again ? neighbour(queue, selected.subject, 1) : nextOpen(queue, selected.subject);
    if (next) open(next);
    tools.arrival.decided(next && { video: next.video, span: spanOf(next) }, () => moment().video);
    if (next) return;
    if (!again) say(tools, `${DONE[decision]}. That was the last open item here.`);
  }

  function undo(): void {
    if (dropMoved(tools.drafts, moment().selected?.subject)) return say(tools, "Edges put back");
    const last = tools.undo.get().at(-1);
    if (!last) return say(tools, "Nothing to undo");
    if (!mayGive()) return;
    if ("takeBack" in last) return undoMany(last);
    const key = uuid();
    tools.undo.set((steps) => afterUndo(steps.slice(0, -1), last, key));
    submit(undoRequest(last, key), { item: last.item, from: true, to: last.before !== null });
    say(tools, `Undone: ${last.what.toLowerCase()}`);
    if (last.item && (last.before || !last.target.drawn)) open({ ...last.item, judgement: last.before });
    else deselect();
  }

  function undoMany(step: ManyStep): void {
    tools.undo.set((steps) => steps.filter((one) => one !== step));
    step.takeBack().then(
      () => say(tools, `Undone: ${step.what.toLowerCase()}`),
      () => {
        tools.undo.set((steps) => [...steps, step]);
        say(tools, "The server did not take it back. Press Z to try again.", "warning");
      },
    );
  }

  /** Draw a missed one: accepted as it is, a label may follow. */
  function draw(span: Span): void {
    if (!mayGive()) return;
    const { video, timebase } = moment();
    const subject = uuid();
    const target = { subject, video, drawn: true };
    const said: Said = { decision: "accept", ...span, labels: [], reason: "", comment: "" };
    const key = uuid();
    tools.undo.set((steps) =>
      [...steps, { target, item: null, before: null, span, what: "Drawn", key }].slice(-200),
    );
    submit(verdictRequest(target, said, key), { item: null, from: false, to: true });
    tools.drafts.set((old) => ({ ...old, marks: null }));
    tools.watch.look(subject);
    go({ video, segment: subject, frame: tools.clock.get().frame });
    say(tools, `Drawn: ${formatSeconds(spanSeconds(timebase, span))}. 1-9 labels it, Z takes it back.`);
  }

  /** The span being worked on: the selected item's as edited. */
  function editedSpan(): Span | null {
    const { selected } = moment();
    if (!selected) return null;
    return withDraft(selected, draftOf(tools.drafts.get(), selected.subject)).span;
  }

  /** Edges are a draft until the next decision; put back where they were, there is none. */
  function setSpan(span: Span, item: Item | null = moment().selected): void {
    if (!item || !mayGive()) return;
    changeDraft(tools.drafts, item.subject, { span: sameSpan(span, spanOf(item)) ? undefined : span });
  }

  function mark(edge: Edge, frame: number): void {
    if (!mayGive()) return;
    const { video, timebase } = moment();
    const { marks } = tools.drafts.get();
    const old = marks?.video === video ? marks : { video, start: null, stop: null };
    const changed = { ...old, [edge]: frame };
    if (changed.start !== null && changed.stop !== null) {
      const span = toSpan(changed.start, changed.stop, timebase.total);
      tools.drafts.set((drafts) => ({ ...drafts, marks: { video, ...span } }));
      say(tools, `Missed span of ${formatSeconds(spanSeconds(timebase, span))}: A saves it, Esc drops it`);
    } else {
      tools.drafts.set((drafts) => ({ ...drafts, marks: changed }));
      say(
        tools,
        edge === "start"
          ? "Start of a missed span: ] sets its end"
          : "End of a missed span: [ sets its start",
      );
    }
  }

  /** Set an edge at the playhead. The end is set after the frame on the screen: it belongs to the span. */
  function setEdge(edge: Edge): void {
    const { frame } = tools.clock.get();
    const span = editedSpan();
    const { timebase } = moment();
    if (!span) return mark(edge, edge === "start" ? frame : frame + 1);
    // an edge set beyond the other one takes it along: an interval of one frame is left, and that is said
    const crossed = edge === "start" ? frame >= span.stop : frame < span.start;
    if (edge === "start") setSpan(toSpan(frame, Math.max(span.stop, frame + 1), timebase.total));
    else setSpan(toSpan(Math.min(span.start, frame), frame + 1, timebase.total));
    if (!moment().mayDecide) return;
    if (crossed) {
      return say(
        tools,
        edge === "start"
          ? `This lies after the end (frame ${span.stop - 1}), so the end moved here too: one frame is left. Esc puts both back.`
          : `This lies before the start (frame ${span.start}), so the start moved here too: one frame is left. Esc puts both back.`,
        "warning",
      );
    }
    say(tools, edge === "start" ? "Start set here: A saves it" : "End set here: A saves it");
  }

  function nudge(edge: Edge, frames: number): void {
    const span = editedSpan();
    if (!span) return say(tools, "Select an item first: J takes the next one", "warning");
    const moved = withEdge(span, edge, span[edge] + frames, moment().timebase.total);
    setSpan(moved);
    if (!moment().mayDecide) return;
    tools.player.pause();
    tools.player.seek(edge === "start" ? moved.start : moved.stop - 1);
    say(
      tools,
      `${edge === "start" ? "Start" : "End"} at frame ${edge === "start" ? moved.start : moved.stop - 1}`,
    );
  }

  function goToEdge(edge: Edge): void {
    const span = editedSpan();
    if (!span) return say(tools, "Select an item first: J takes the next one", "warning");
    tools.player.seek(edge === "start" ? span.start : span.stop - 1);
  }

  function label(place: number): void {
    const { selected, labels } = moment();
    const chosen = labels[place - 1];
    if (!chosen) {
      const known = labels.map((one, n) => `${n + 1} ${one.name}`).join(", ");
      return say(
        tools,
        known
          ? `There is no label ${place}. Labels: ${known}`
          : "This project has no labels yet; a manager adds them in Settings",
        "warning",
      );
    }
    if (!selected) return say(tools, "Select an item first: J takes the next one", "warning");
    if (!mayGive()) return;
    const draft = withDraft(selected, draftOf(tools.drafts.get(), selected.subject));
    const changed = toggled(draft.labels, chosen.name);
    const added = changed.includes(chosen.name);
    if (selected.judgement?.decision === "accept") restate(selected, { labels: changed }, "Label changed");
    else changeDraft(tools.drafts, selected.subject, { labels: changed });
    say(tools, added ? `Label ${chosen.name}` : `Label ${chosen.name} removed`);
  }

  /** Change something about a decision that stands; edges being edited stay a draft. */
  function restate(item: Item, changed: Partial<Said>, what: string): void {
    const { judgement } = item;
    if (!judgement) return;
    const { span } = draftOf(tools.drafts.get(), item.subject);
    const { decision, start, stop, labels, reason, comment: text } = judgement;
    give(item, { decision, start, stop, labels, reason, comment: text, ...changed }, what);
    if (span) changeDraft(tools.drafts, item.subject, { span });
  }

  function comment(text: string): void {
    const { selected } = moment();
    if (!selected || !mayGive()) return;
    if (selected.judgement) restate(selected, { comment: text }, "Comment changed");
    else changeDraft(tools.drafts, selected.subject, { comment: text });
    say(tools, selected.judgement ? "Comment saved" : "The comment goes with your decision");
  }

  function reject(): void {
    if (!moment().selected) return say(tools, "Select an item first: J takes the next one", "warning");
    if (!mayGive() || isTooEarly()) return;
    if (tools.reasoning.get()) return decide("reject");
    tools.reasoning.set(true);
    const reasons = REASONS.map(({ label: name }, n) => `${n + 1} ${name.toLowerCase()}`);
    say(tools, `Reject because: ${reasons.join(" · ")} · R no reason`);
  }

  /** Leave the innermost thing that is open. */
  function escape(): void {
    const { selected } = moment();
    const { marks } = tools.drafts.get();
    if (tools.reasoning.get()) return tools.reasoning.set(false);
    if (tools.trial.get()) return tools.trial.set(null);
    if (dropMoved(tools.drafts, moment().selected?.subject)) return say(tools, "Edges put back");
    if (marks) return tools.drafts.set((old) => ({ ...old, marks: null }));
    if (selected) deselect();
  }

  return {
    open,
    visit,
    ...createStatements(tools, effects, { mayGive, give }),
    ...createMarking(tools, moment),
    select,
    deselect,
    step,
    peak,
    decide,
    undo,
    draw,
    setSpan,
    setEdge,
    nudge,
    goToEdge,
    label,
    comment,
    reject,
    escape,
  };
}

export type Acts = ReturnType<typeof createActs>;
