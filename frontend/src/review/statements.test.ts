import { beforeEach, expect, test } from "vitest";

import type { VerdictRequest } from "../api/types";
import { type Timebase, timebaseOf } from "../lib/frames";
import { createActs, type Moment } from "./acts";
import type { Item } from "./items";
import { createTools } from "./tools";

const timebase: Timebase = timebaseOf({
  fps_num: 25,
  fps_den: 1,
  proxy_fps_num: 25,
  proxy_fps_den: 1,
  n_frames: 1000,
});

function item(subject: string, start: number, changed: Partial<Item> = {}): Item {
  const proposed = { start, stop: start + 20 };
  return {
    subject,
    video: "v",
    videoName: "v.mp4",
    proposed,
    peak: start + 7,
    score: 1,
    listed: true,
    audit: false,
    severity: "high",
    judgement: null,
    others: [],
    before: null,
    ...changed,
  };
}

function desk(changed: Partial<Moment> = {}) {
  const tools = createTools();
  const items = [item("a", 100), item("b", 300)];
  const said: VerdictRequest[] = [];
  const went: unknown[] = [];
  const moment: Moment = {
    video: "v",
    timebase,
    labels: [],
    mayDecide: true,
    maySettle: false,
    items,
    queue: items,
    selected: null,
    ...changed,
  };
  const acts = createActs(tools, {
    moment: () => moment,
    go: (to) => went.push(to),
    submit: (request) => said.push(request),
  });
  return { tools, acts, said, went, items, toast: () => tools.toast.get()?.text };
}

beforeEach(() => localStorage.clear());

test("a span is said to be normal by a verdict of its own, which undo withdraws", () => {
  const { acts, said, went, toast } = desk();

  acts.judge({ start: 40, stop: 56 }, "reject");
  expect(said[0]).toMatchObject({ video: "v", decision: "reject", start: 40, stop: 56 });
  expect(went).toEqual([]); // nothing is selected: the person goes on looking
  expect(toast()).toBe("Said to be normal. Z takes it back.");

  acts.undo();
  expect(said[1]).toMatchObject({ decision: "withdrawn", replaces: said[0]?.client_key });
});

test("saying something else of the same span changes the verdict there is", () => {
  const judgement = {
    decision: "reject" as const,
    start: 40,
    stop: 56,
    labels: [],
    reason: "" as const,
    comment: "a shadow",
    saved: true,
  };
  const drawn = item("d", 40, {
    proposed: null,
    judgement: { ...judgement, settles: false, at: "" } as never,
  });
  const { acts, said } = desk({ items: [drawn] });

  acts.judge({ start: 40, stop: 56 }, "accept", "d");

  expect(said).toMatchObject([{ subject: "d", video: "v", decision: "accept", comment: "a shadow" }]);
});

test("a viewer says nothing", () => {
  const { acts, said } = desk({ mayDecide: false });

  acts.judge({ start: 40, stop: 56 }, "accept");

  expect(said).toEqual([]);
});

test("a place in another video is gone to, one in this video is sought", () => {
  const { acts, went } = desk();

  acts.visit("v", 30);
  acts.visit("w", 40);

  expect(went).toEqual([{ video: "w", segment: null, frame: 40 }]);
});
