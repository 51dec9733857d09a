import { describe, expect, test } from "vitest";

import type { Segment, Verdict, VerdictRequest } from "../api/types";
import {
  itemOfSegment,
  itemOfSpan,
  type Judgement,
  neighbourPeak,
  type Opinion,
  spanOf,
  stateOf,
} from "./items";
import { neighbour, nextOpen, nextPage, QUEUE_PAGE, queueItems } from "./queue";
import { drawnIn, opinionIn, VerdictBook } from "./verdictBook";

function segment(id: string, verdict: Partial<Verdict> | null = null): Segment {
  return {
    id,
    run: "run",
    video: "video",
    video_name: "north.mp4",
    start: 100,
    stop: 120,
    peak_frame: 110,
    score: 1,
    audit: false,
    severity: "high",
    verdict: verdict as Verdict | null,
    others: [],
    decided_before: null,
  };
}

const accepted: Judgement = {
  decision: "accept",
  start: 100,
  stop: 120,
  labels: [],
  reason: "",
  comment: "",
  saved: true,
};

/** I have decided exactly these. */
function decided(...ids: string[]): Opinion {
  return (subject) => (ids.includes(subject) ? accepted : null);
}

const range = (from: number, to: number): Segment[] =>
  Array.from({ length: to - from }, (_, n) => segment(String(from + n)));

describe("the list", () => {
  test("a decided item leaves the open list, unless it is the selected one", () => {
    const list = (selected: string | null) =>
      queueItems([range(0, 3)], { state: "open", opinion: decided("1"), selected }).map(
        (item) => item.subject,
      );
    expect(list(null)).toEqual(["0", "2"]);
    expect(list("1")).toEqual(["0", "1", "2"]);
  });

  test("what was decided in another run is not open, and is passed over", () => {
    const before = { decision: "reject", run_name: "First" } as Segment["decided_before"];
    const segments = [segment("0"), { ...segment("1"), decided_before: before }, segment("2")];
    const list = (state: "open" | "decided" | "all", opinion = decided()) =>
      queueItems([segments], { state, opinion, selected: null });
    expect(list("open").map((item) => item.subject)).toEqual(["0", "2"]);
    expect(list("decided").map((item) => item.subject)).toEqual(["1"]);
    expect(list("decided", decided("1"))[0]?.before).toBeNull();
    expect(nextOpen(list("all"), "0")?.subject).toBe("2");
  });

  test("what was undone comes back to its own place", () => {
    const options = { state: "open" as const, selected: null };
    const pages = [range(0, 3)];
    expect(queueItems(pages, { ...options, opinion: decided("1") })).toHaveLength(2);
    const back = queueItems(pages, { ...options, opinion: decided() });
    expect(back.map((item) => item.subject)).toEqual(["0", "1", "2"]);
  });

  test("pages that overlap show no item twice", () => {
    const items = queueItems([range(0, 100), range(80, 180)], {
      state: "all",
      opinion: decided(),
      selected: null,
    });
    expect(items).toHaveLength(180);
  });
});

describe("the next page", () => {
  /** The server's open list after some were decided. */
  const serve = (open: Segment[], page: number): Segment[] =>
    open.slice((page - 1) * QUEUE_PAGE, page * QUEUE_PAGE);

  test("no item is skipped however many are decided between pages", () => {
    const all = range(0, 450);
    const done: string[] = [];
    const pages = [serve(all, 1)];
    for (let round = 0; round < 12; round += 1) {
      done.push(
        ...pages
          .flat()
          .map((one) => one.id)
          .filter((id) => !done.includes(id))
          .slice(0, 37),
      );
      const open = all.filter((one) => !done.includes(one.id));
      const next = serve(open, nextPage(pages, { state: "open", opinion: decided(...done) }));
      if (next.length === 0) break;
      pages.push(next);
    }
    const seen = new Set(pages.flat().map((one) => one.id));
    expect(seen.size).toBe(450);
  });

  test("the list of all items simply goes on", () => {
    const pages = [range(0, 100), range(100, 200)];
    expect(nextPage(pages, { state: "all", opinion: decided("1", "2") })).toBe(3);
  });
});

describe("moving on", () => {
  const items = queueItems([range(0, 4)], { state: "all", opinion: decided("1", "2"), selected: null });

  test("after a decision comes the next open item, from the top again at the end", () => {
    expect(nextOpen(items, "0")?.subject).toBe("3");
    expect(nextOpen(items, "3")?.subject).toBe("0");
  });

  test("when everything is decided there is no next one", () => {
    const done = queueItems([range(0, 2)], { state: "all", opinion: decided("0", "1"), selected: null });
    expect(nextOpen(done, "0")).toBeNull();
  });

  test("previous and next stop at the ends and begin at the first", () => {
    expect(neighbour(items, "1", 1)?.subject).toBe("2");
    expect(neighbour(items, "3", 1)).toBeNull();
    expect(neighbour(items, "0", -1)).toBeNull();
    expect(neighbour(items, null, 1)?.subject).toBe("0");
  });
});

describe("states", () => {
  const state = (judgement: Judgement | null) => stateOf(itemOfSegment(segment("a"), () => judgement));

  test("an accepted span with other edges is adjusted, and the model's own span is kept", () => {
    expect(state(null)).toBe("proposed");
    expect(state(accepted)).toBe("accepted");
    expect(state({ ...accepted, decision: "reject" })).toBe("rejected");
    expect(state({ ...accepted, decision: "unsure", start: 90 })).toBe("unsure");
    const adjusted = itemOfSegment(segment("a"), () => ({ ...accepted, start: 95 }));
    expect(stateOf(adjusted)).toBe("adjusted");
    expect(adjusted.proposed).toEqual({ start: 100, stop: 120 });
    expect(spanOf(adjusted)).toEqual({ start: 95, stop: 120 });
  });

  test("a drawn span is accepted, not adjusted", () => {
    expect(stateOf(itemOfSpan("a", { id: "video", name: "north" }, accepted))).toBe("accepted");
  });

  test("peaks are found in both directions whatever their order", () => {
    expect(neighbourPeak([50, 10, 30], 30, 1)).toBe(50);
    expect(neighbourPeak([50, 10, 30], 30, -1)).toBe(10);
    expect(neighbourPeak([50, 10, 30], 50, 1)).toBeNull();
  });
});

describe("the book of this session's decisions", () => {
  const at = (iso: string): Partial<Verdict> => ({ created_at: iso, decision: "reject", start: 1, stop: 2 });
  const say = (decision: VerdictRequest["decision"], key = "k"): VerdictRequest => ({
    client_key: key,
    segment: "a",
    decision,
    start: 100,
    stop: 120,
  });

  test("a decision counts before the server has it, and over an older answer of the server", () => {
    const book = new VerdictBook();
    book.said(say("accept"));
    const opinion = opinionIn(book.store.get(), "a", at("2026-01-01T00:00:00Z") as Verdict);
    expect(opinion).toMatchObject({ decision: "accept", saved: false });
  });

  test("a verdict from another tab that is newer than mine counts", () => {
    const book = new VerdictBook();
    book.said(say("accept"));
    book.saved(say("accept"), at("2026-01-01T00:00:10Z") as Verdict);
    expect(opinionIn(book.store.get(), "a", at("2026-01-01T00:00:05Z") as Verdict)?.decision).toBe("accept");
    expect(opinionIn(book.store.get(), "a", at("2026-01-01T00:00:20Z") as Verdict)?.decision).toBe("reject");
  });

  test("a confirmation of an older decision does not touch a newer one", () => {
    const book = new VerdictBook();
    book.said(say("accept", "one"));
    book.said(say("withdrawn", "two"));
    book.saved(say("accept", "one"), at("2026-01-01T00:00:10Z") as Verdict);
    expect(opinionIn(book.store.get(), "a", null)).toBeNull();
  });

  test("after a refusal the server's word counts again", () => {
    const book = new VerdictBook();
    book.said(say("accept"));
    book.refused(say("accept"));
    expect(opinionIn(book.store.get(), "a", at("2026-01-01T00:00:00Z") as Verdict)?.decision).toBe("reject");
  });

  test("a span drawn in this session is there until it is taken back", () => {
    const book = new VerdictBook();
    const drawn = { client_key: "d", video: "video", subject: "s", start: 5, stop: 9 };
    book.said({ ...drawn, decision: "accept" });
    expect(drawnIn(book.store.get(), "video").map(([subject]) => subject)).toEqual(["s"]);
    expect(drawnIn(book.store.get(), "another")).toEqual([]);
    book.said({ ...drawn, client_key: "e", decision: "withdrawn" });
    expect(drawnIn(book.store.get(), "video")).toEqual([]);
  });
});
