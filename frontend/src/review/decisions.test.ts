import { describe, expect, test } from "vitest";

import { createClock, patchClock } from "./clock";
import { afterUndo, Stopwatch, undoRequest, verdictRequest } from "./decisions";
import { followInAddress, parsePlace, withFrame } from "./place";
import { DEFAULTS, parseSettings } from "./settings";

const said = {
  decision: "accept" as const,
  start: 5,
  stop: 9,
  labels: ["Running"],
  reason: "" as const,
  comment: "",
};
const proposal = { subject: "s", video: "v", drawn: false };
const drawn = { subject: "d", video: "v", drawn: true };

describe("what is sent", () => {
  test("a decision about a proposal names the segment, one about a drawn span its video", () => {
    expect(verdictRequest(proposal, said, "k")).toMatchObject({ segment: "s", start: 5, stop: 9 });
    expect(verdictRequest(drawn, said, "k")).toMatchObject({ video: "v", subject: "d", start: 5, stop: 9 });
  });

  test("a reason goes with a rejection only, labels never do", () => {
    const rejected = verdictRequest(proposal, { ...said, decision: "reject", reason: "camera" }, "k");
    expect(rejected).toMatchObject({ reason: "camera", labels: [] });
    expect(verdictRequest(proposal, { ...said, reason: "camera" }, "k").reason).toBe("");
  });

  test("undo of a first decision withdraws it, undo of a second brings the first back", () => {
    const step = { target: proposal, item: null, span: { start: 5, stop: 9 }, what: "Accepted", key: "said" };
    expect(undoRequest({ ...step, before: null }, "k")).toMatchObject({
      segment: "s",
      decision: "withdrawn",
      replaces: "said",
    });
    const before = { ...said, decision: "reject" as const, reason: "camera" as const, saved: true };
    expect(undoRequest({ ...step, before }, "k")).toMatchObject({
      decision: "reject",
      reason: "camera",
      replaces: "said",
    });
  });

  test("two undos about one item in a row: the second takes back what the first one sent", () => {
    const step = { item: null, span: { start: 5, stop: 9 }, before: null, what: "" };
    const first = { ...step, target: proposal, key: "first" };
    const other = { ...step, target: drawn, key: "other" };
    const left = afterUndo([first, other], { ...step, target: proposal, key: "second" }, "undo");
    expect(left.map(({ key }) => key)).toEqual(["undo", "other"]);
  });

  test("time counts from opening an item, not from the one before, and ends at ten minutes", () => {
    let now = 0;
    const watch = new Stopwatch(() => now);
    watch.look("a");
    now = 60_000;
    watch.look("b");
    now = 64_500;
    expect(watch.take("b")).toBe(4.5);
    now = 9_000_000;
    expect(watch.take("b")).toBe(600);
    expect(watch.take("a")).toBe(0);
  });
});

describe("the address", () => {
  test("what it holds is read back, and nonsense is nothing", () => {
    expect(parsePlace("?run=r&segment=s&frame=120")).toMatchObject({ run: "r", segment: "s", frame: 120 });
    expect(parsePlace("?frame=-3&run=")).toMatchObject({ run: null, segment: null, frame: null });
    expect(parsePlace("?frame=1e9").frame).toBeNull();
  });

  test("moving the frame keeps the rest", () => {
    const rest = { view: null, tab: null };
    expect(withFrame("?run=r&frame=1&segment=s&from=3&to=9", 7, rest)).toBe("?run=r&frame=7&segment=s");
    const shown = withFrame("?frame=1", 7, { view: { start: 10.7, stop: 99.2 }, tab: "why" });
    expect(shown).toBe("?frame=7&from=10&to=100&tab=why");
    expect(parsePlace(shown)).toMatchObject({ frame: 7, view: { start: 10, stop: 100 }, tab: "why" });
    expect(parsePlace("?from=9&to=3&tab=<b>")).toMatchObject({ view: null, tab: null });
  });

  test("a second of playing changes the address a few times, and ends at the last frame", async () => {
    window.history.replaceState(null, "", "/review/v?run=r");
    const clock = createClock();
    const stop = followInAddress(
      () => ({ frame: clock.get().frame, view: null, tab: null }),
      clock.subscribe,
    );
    for (let frame = 0; frame < 60; frame += 1) patchClock(clock, { frame });
    expect(window.location.search).toBe("?run=r");
    await expect.poll(() => window.location.search).toBe("?run=r&frame=59");
    stop();
  });
});

describe("settings", () => {
  test("survive a round trip, and what is not ours is replaced by the default", () => {
    expect(parseSettings(JSON.stringify({ ...DEFAULTS, advance: false, speed: 4 }))).toEqual({
      ...DEFAULTS,
      advance: false,
      speed: 4,
    });
    expect(parseSettings('{"opens":"backwards","speed":"fast","opacity":900,"more":1}')).toEqual(DEFAULTS);
    expect(parseSettings("{cut off")).toEqual(DEFAULTS);
    expect(parseSettings(null)).toEqual(DEFAULTS);
  });
});
