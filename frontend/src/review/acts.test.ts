import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import type { VerdictRequest } from "../api/types";
import { timebaseOf } from "../lib/frames";
import { createActs, type Moment } from "./acts";
import { patchClock } from "./clock";
import { draftOf } from "./drafts";
import type { Item } from "./items";
import { change } from "./settings";
import { createTools } from "./tools";

const timebase = timebaseOf({ fps_num: 25, fps_den: 1, proxy_fps_num: 25, proxy_fps_den: 1, n_frames: 1000 });

function item(subject: string, start: number): Item {
  return {
    subject,
    video: "v",
    videoName: "north.mp4",
    proposed: { start, stop: start + 20 },
    peak: start + 7,
    score: 1,
    listed: true,
    audit: false,
    severity: "high",
    judgement: null,
    others: [],
    before: null,
  };
}

/** The desk without a page: what was said, and where it went. */
function desk(changed: Partial<Moment> = {}) {
  const tools = createTools();
  const queue = [item("a", 100), item("b", 300), item("c", 500)];
  const said: VerdictRequest[] = [];
  const went: { video: string; segment: string | null; frame: number }[] = [];
  let moment: Moment = {
    video: "v",
    timebase,
    labels: [{ name: "Running", color: "#f00" }],
    mayDecide: true,
    maySettle: false,
    items: queue,
    queue,
    selected: queue[0] ?? null,
    ...changed,
  };
  const select = (selected: Item | null): void => {
    moment = { ...moment, selected };
  };
  const acts = createActs(tools, {
    moment: () => moment,
    go: (to) => {
      went.push(to);
      select(queue.find((one) => one.subject === to.segment) ?? null);
    },
    submit: (request) => said.push(request),
  });
  const draft = (subject: string) => draftOf(tools.drafts.get(), subject);
  /** The picture of a frame comes, and a moment passes. */
  const sees = (frame: number): void => {
    patchClock(tools.clock, { frame });
    vi.advanceTimersByTime(300);
  };
  return { sees, tools, acts, said, went, select, draft, toast: () => tools.toast.get()?.text };
}

beforeEach(() => {
  localStorage.clear();
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("deciding", () => {
  test("accepting sends the span as proposed and opens the next item at its peak", () => {
    const { acts, said, went } = desk();
    acts.decide("accept");
    expect(said[0]).toMatchObject({ segment: "a", decision: "accept", start: 100, stop: 120 });
    expect(went).toEqual([{ video: "v", segment: "b", frame: 307 }]);
  });

  test("a second press decides nothing before the next item is on the screen, and says so", () => {
    const { acts, said, toast, sees } = desk();
    acts.decide("accept");
    vi.advanceTimersByTime(300);
    acts.decide("accept");
    acts.reject();
    expect(said).toHaveLength(1);
    expect(toast()).toContain("not on the screen yet");
    sees(307);
    acts.decide("accept");
    expect(said[1]).toMatchObject({ segment: "b", decision: "accept" });
  });

  test("going on can be switched off", () => {
    const { tools, acts, went } = desk();
    change(tools.settings, { advance: false });
    acts.decide("accept");
    expect(went).toEqual([]);
  });

  test("edges set with the keys go along with the decision, the end after the frame on the screen", () => {
    const { tools, acts, said, draft } = desk();
    patchClock(tools.clock, { frame: 90 });
    acts.setEdge("start");
    patchClock(tools.clock, { frame: 130 });
    acts.setEdge("stop");
    expect(draft("a").span).toEqual({ start: 90, stop: 131 });
    acts.decide("accept");
    expect(said[0]).toMatchObject({ start: 90, stop: 131 });
    expect(draft("a").span).toBeUndefined();
  });

  test("an edge set beyond the other one takes it along, and says so", () => {
    const { tools, acts, draft, toast } = desk();
    patchClock(tools.clock, { frame: 40 });
    acts.setEdge("stop");
    expect(draft("a").span).toEqual({ start: 40, stop: 41 });
    expect(toast()).toMatch(/before the start \(frame 100\), so the start moved here too/);
    acts.escape();
    patchClock(tools.clock, { frame: 700 });
    acts.setEdge("start");
    expect(toast()).toMatch(/after the end \(frame 119\), so the end moved here too/);
  });

  test("a manager's decision about what others disagree on settles it, a reviewer's does not", () => {
    const voice = {
      reviewer_id: "1",
      start: 100,
      stop: 120,
      settles: false,
      created_at: "2026-01-01T00:00:00Z",
    };
    const others = [
      { ...voice, reviewer: "Ann", decision: "accept" as const },
      { ...voice, reviewer: "Bo", reviewer_id: "2", decision: "reject" as const },
    ];
    const disputed = { ...item("a", 100), others };
    const asManager = desk({ maySettle: true, selected: disputed });
    asManager.acts.decide("accept");
    expect(asManager.said[0]).toMatchObject({ settles: true });
    const asReviewer = desk({ selected: disputed });
    asReviewer.acts.decide("accept");
    expect(asReviewer.said[0]).not.toHaveProperty("settles");
  });

  test("a rejection is about the span as proposed, whatever was tried with its edges", () => {
    const { acts, said } = desk();
    acts.nudge("start", -5);
    acts.decide("reject", "camera");
    expect(said[0]).toMatchObject({ decision: "reject", reason: "camera", start: 100, stop: 120 });
  });

  test("the reject key asks why first, and rejects without a reason at the second press", () => {
    const { tools, acts, said } = desk();
    acts.reject();
    expect(said).toEqual([]);
    expect(tools.reasoning.get()).toBe(true);
    acts.reject();
    expect(said[0]).toMatchObject({ decision: "reject", reason: "" });
    expect(tools.reasoning.get()).toBe(false);
  });

  test("a viewer decides nothing and is told why", () => {
    const { acts, said, toast } = desk({ mayDecide: false });
    acts.decide("accept");
    acts.draw({ start: 1, stop: 5 });
    acts.nudge("start", 1);
    expect(said).toEqual([]);
    expect(toast()).toMatch(/viewer/i);
  });

  test("a label chosen before the decision goes along with it; one after it is a decision of its own", () => {
    const { acts, said, select } = desk();
    acts.label(1);
    expect(said).toEqual([]);
    acts.decide("accept");
    expect(said[0]).toMatchObject({ labels: ["Running"] });
    const judgement = {
      decision: "accept" as const,
      start: 100,
      stop: 120,
      labels: ["Running"],
      reason: "" as const,
      comment: "",
      saved: true,
    };
    select({ ...item("a", 100), judgement });
    acts.label(1);
    expect(said[1]).toMatchObject({ segment: "a", decision: "accept", labels: [] });
  });
});

describe("undo", () => {
  test("takes the last decision back and returns to its item", () => {
    const { acts, said, went } = desk();
    acts.decide("accept");
    acts.undo();
    expect(said[1]).toMatchObject({ segment: "a", decision: "withdrawn" });
    expect(went.at(-1)?.segment).toBe("a");
  });

  test("puts moved edges back first, and takes no decision back for them", () => {
    const { acts, said, toast, tools } = desk();
    acts.nudge("start", -5);
    acts.undo();
    expect(toast()).toBe("Edges put back");
    expect(said).toEqual([]);
    expect(tools.drafts.get().items.size).toBe(0);
  });

  test("goes back decision by decision, then says that there is nothing", () => {
    const { acts, said, toast, sees } = desk();
    acts.decide("accept");
    sees(307);
    acts.decide("unsure");
    acts.undo();
    acts.undo();
    acts.undo();
    expect(said.map((one) => "segment" in one && one.segment)).toEqual(["a", "b", "b", "a"]);
    expect(toast()).toBe("Nothing to undo");
  });

  test("of a drawn span withdraws it", () => {
    const { acts, said } = desk({ selected: null });
    acts.draw({ start: 10, stop: 30 });
    acts.undo();
    expect(said[0]).toMatchObject({ video: "v", decision: "accept", start: 10, stop: 30 });
    expect(said[1]).toMatchObject({ video: "v", decision: "withdrawn" });
    expect(
      said[1] &&
        "subject" in said[1] &&
        said[0] &&
        "subject" in said[0] &&
        said[1].subject === said[0].subject,
    ).toBe(true);
  });
});

describe("a missed span with the keys alone", () => {
  test("is marked with [ and ] and saved with A", () => {
    const { tools, acts, said } = desk({ selected: null });
    patchClock(tools.clock, { frame: 40 });
    acts.setEdge("start");
    patchClock(tools.clock, { frame: 60 });
    acts.setEdge("stop");
    acts.decide("accept");
    expect(said[0]).toMatchObject({ video: "v", decision: "accept", start: 40, stop: 61 });
    expect(tools.drafts.get().marks).toBeNull();
  });

  test("is dropped with Escape", () => {
    const { tools, acts } = desk({ selected: null });
    acts.setEdge("start");
    acts.escape();
    expect(tools.drafts.get().marks).toBeNull();
  });
});

describe("moving", () => {
  test("previous and next say when there is no more", () => {
    const { acts, went, toast } = desk();
    acts.step(-1);
    expect(toast()).toBe("That was the first item");
    acts.step(1);
    acts.step(1);
    acts.step(1);
    expect(went.map((to) => to.segment)).toEqual(["b", "c"]);
    expect(toast()).toBe("That was the last item");
  });

  test("Escape first puts the edges back, then deselects", () => {
    const { acts, draft, went } = desk();
    acts.nudge("stop", 4);
    expect(draft("a").span).toEqual({ start: 100, stop: 124 });
    acts.escape();
    expect(draft("a").span).toBeUndefined();
    expect(went).toEqual([]);
    acts.escape();
    expect(went.at(-1)?.segment).toBeNull();
  });

  test("edges moved back to where they were are no edit", () => {
    const { acts, draft } = desk();
    acts.nudge("stop", 4);
    acts.nudge("stop", -4);
    expect(draft("a").span).toBeUndefined();
  });
});
