import { type RefObject, useEffect } from "react";

import { clampFrame, type Span, toSpan, withEdge } from "../../lib/frames";
import { createStore, type Store } from "../../lib/store";
import { patchClock } from "../clock";
import { draftOf } from "../drafts";
import { type Item, spanOf } from "../items";
import { valueAtY, yOf } from "./geometry";
import { type Hit, hitTest } from "./hit";
import { laneIndex } from "./laneIndex";
import { blocksOf, type Gesture, scaleOf, type Scene, thresholdOf, unsavedSpan } from "./scene";
import { fit, frameAt, panBy, type View, zoomAt } from "./view";

export const IDLE: Gesture = { kind: "none", drawing: null };

export function createGesture(): Store<Gesture> {
  return createStore<Gesture>(IDLE);
}

export type Pointer = { x: number; y: number; frame: number };

const CLICK = 3; // pixels a hand moves while it means to stand still

const CURSORS: Record<Hit["kind"], string> = {
  ruler: "ew-resize",
  threshold: "ns-resize",
  curve: "grab",
  edge: "col-resize",
  item: "pointer",
  lane: "default",
};

type Drag = { hit: Hit; from: Pointer; moved: boolean; last: number; span: Span | null };

type Options = {
  canvas: RefObject<HTMLCanvasElement | null>;
  scene: RefObject<Scene | null>;
  hover: Store<Pointer | null>;
  onThreshold: (value: number) => void;
};

/** Mouse, pen and finger on the timeline: zoom, pan, seek, threshold, edges, drawing. */
export function useGestures({ canvas, scene, hover, onThreshold }: Options): void {
  useEffect(() => {
    const surface = canvas.current;
    if (!surface) return;
    const events = new AbortController();
    const listen = <K extends keyof HTMLElementEventMap>(
      name: K,
      listener: (event: HTMLElementEventMap[K]) => void,
    ): void => surface.addEventListener(name, listener, { signal: events.signal, passive: false });
    let drag: Drag | null = null;

    const place = (event: MouseEvent): Pointer | null => {
      const now = scene.current;
      if (!now) return null;
      const box = surface.getBoundingClientRect();
      const x = event.clientX - box.left;
      return { x, y: event.clientY - box.top, frame: frameAt(now.session.tools.view.get(), x, now.width) };
    };

    listen("wheel", (event) => {
      const now = scene.current;
      const at = place(event);
      if (!now || !at) return;
      event.preventDefault();
      const { view } = now.session.tools;
      const { total } = now.session.timebase;
      const unit = event.deltaMode === 1 ? 16 : event.deltaMode === 2 ? 400 : 1;
      const sideways = event.shiftKey ? event.deltaY || event.deltaX : event.deltaX;
      if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        const size = view.get().stop - view.get().start;
        view.set(panBy(view.get(), ((sideways * unit) / now.width) * size, total));
      } else {
        view.set(zoomAt(view.get(), at.x / now.width, Math.exp(-event.deltaY * unit * 0.002), total));
      }
    });

    listen("dblclick", () => {
      const session = scene.current?.session;
      session?.tools.view.set(fit(session.timebase.total));
    });

    listen("pointerdown", (event) => {
      const now = scene.current;
      const at = place(event);
      if (!now || !at || event.button !== 0) return;
      surface.setPointerCapture(event.pointerId);
      const hit = hitOf(now, at);
      drag = { hit, from: at, moved: false, last: at.x, span: null };
      hover.set(null);
      if (hit.kind === "ruler") {
        patchClock(now.session.tools.clock, { scrubbing: true });
        now.gesture.set({ kind: "scrub", drawing: null });
        now.session.tools.player.seek(Math.floor(at.frame));
      }
    });

    listen("pointermove", (event) => {
      const now = scene.current;
      const at = place(event);
      if (!now || !at) return;
      if (!drag) {
        const hit = hitOf(now, at);
        surface.style.cursor =
          hit.kind === "lane" && hit.lane === "verdicts" && now.session.mayDecide
            ? "crosshair"
            : CURSORS[hit.kind];
        hover.set(at);
        return;
      }
      if (!drag.moved && Math.hypot(at.x - drag.from.x, at.y - drag.from.y) < CLICK) return;
      drag.moved = true;
      move(now, drag, at);
      drag.last = at.x;
    });

    const release = (event: PointerEvent): void => {
      const now = scene.current;
      const at = place(event);
      const ended = drag;
      drag = null;
      if (!now || !ended) return;
      patchClock(now.session.tools.clock, { scrubbing: false });
      const { drawing } = now.gesture.get();
      now.gesture.set(IDLE);
      if (event.type === "pointercancel") return;
      if (!ended.moved && at) click(now, ended.hit, at);
      else if (drawing) now.session.acts.draw(drawing);
    };
    listen("pointerup", release);
    listen("pointercancel", release);
    listen("pointerleave", () => hover.set(null));

    function move(now: Scene, { hit, from, last }: Drag, at: Pointer): void {
      const { session, gesture, width } = now;
      const { tools, timebase } = session;
      const { total } = timebase;
      if (hit.kind === "ruler") tools.player.seek(Math.floor(at.frame));
      else if (hit.kind === "threshold") {
        const range = scaleOf(session, now.curves);
        gesture.set({ kind: "threshold", drawing: null });
        if (range) onThreshold(valueAtY(at.y, range, now.layout.curve));
      } else if (hit.kind === "edge") moveEdge(now, hit, at);
      else if (hit.kind === "lane" && hit.lane === "verdicts" && session.mayDecide) {
        const drawing = toSpan(
          Math.floor(from.frame),
          Math.floor(at.frame) + Number(at.frame > from.frame),
          total,
        );
        gesture.set({ kind: "draw", drawing });
        scrubTo(now, at.frame > from.frame ? drawing.stop - 1 : drawing.start);
      } else {
        gesture.set({ kind: "pan", drawing: null });
        const size = tools.view.get().stop - tools.view.get().start;
        tools.view.set(panBy(tools.view.get(), ((last - at.x) / width) * size, total));
      }
    }

    function moveEdge(now: Scene, hit: Extract<Hit, { kind: "edge" }>, at: Pointer): void {
      const { session } = now;
      const item = laneIndex(session.items).get(hit.subject);
      if (!item || !session.mayDecide) return;
      if (session.selected?.subject !== item.subject && now.gesture.get().kind !== "edge")
        session.acts.select(item);
      now.gesture.set({ kind: "edge", drawing: null });
      const old = draftOf(session.tools.drafts.get(), item.subject).span ?? spanOf(item);
      const span = withEdge(old, hit.edge, Math.round(at.frame), session.timebase.total);
      session.acts.setSpan(span, item);
      scrubTo(now, hit.edge === "start" ? span.start : span.stop - 1);
    }

    /** Show the frame that an edge lies on while it moves. */
    function scrubTo({ session }: Scene, frame: number): void {
      session.tools.player.pause();
      patchClock(session.tools.clock, { scrubbing: true });
      session.tools.player.seek(frame);
    }

    function click(now: Scene, hit: Hit, at: Pointer): void {
      const { session } = now;
      const subject = hit.kind === "item" || hit.kind === "edge" ? hit.subject : null;
      const item = laneIndex(session.items).get(subject);
      if (item) session.acts.open(item);
      else session.tools.player.seek(clampFrame(Math.floor(at.frame), session.timebase.total));
    }

    return () => events.abort();
  }, [canvas, scene, hover, onThreshold]);
}

function hitOf(scene: Scene, at: Pointer): Hit {
  const { session, layout, width } = scene;
  const range = scaleOf(session, scene.curves);
  const threshold = thresholdOf(session);
  const view = session.tools.view.get();
  const draggable = range !== null && threshold !== null && session.run?.stage === "done";
  return hitTest(at, {
    layout,
    view,
    width,
    blocks: blocksOf(
      near(session, view, at, width),
      unsavedSpan(session, scene.gesture.get()),
      session.selected,
    ),
    selected: session.selected?.subject ?? null,
    thresholdY: draggable ? yOf(threshold, range, layout.curve) : null,
  });
}

const NEAR = 20; // pixels around the pointer in which something may be hit

function near(session: Scene["session"], view: View, at: Pointer, width: number): Item[] {
  const reach = (NEAR / Math.max(width, 1)) * (view.stop - view.start);
  return laneIndex(session.items).within(at.frame - reach, at.frame + reach);
}
