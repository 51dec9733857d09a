import { beforeEach, describe, expect, test, vi } from "vitest";

import { totals, type UploadItem, UploadQueue } from "./queue";
import type { TransferEvents, TransferRequest } from "./transport";

type Fake = TransferRequest & TransferEvents & { calls: string[] };

let begun: Fake[];
let queue: UploadQueue;

beforeEach(() => {
  begun = [];
  queue = new UploadQueue((request, events) => {
    const fake: Fake = { ...request, ...events, calls: [] };
    begun.push(fake);
    const called = (name: string) => async () => void fake.calls.push(name);
    return { start: () => void fake.calls.push("start"), pause: called("pause"), cancel: called("cancel") };
  });
});

const file = (name: string, size = 100) => {
  const made = new File(["x"], name, { lastModified: 1 });
  Object.defineProperty(made, "size", { value: size });
  return { file: made, path: name };
};

const item = (path: string): UploadItem => {
  const found = queue.snapshot().find((one) => one.path === path);
  if (!found) throw new Error(`${path} is not in the queue`);
  return found;
};

const sent = (path: string): Fake => {
  const found = begun.filter((one) => one.path === path).at(-1);
  if (!found) throw new Error(`${path} was never begun`);
  return found;
};

describe("order", () => {
  test("two files are sent at once, the others wait their turn", () => {
    queue.add("p", [file("a"), file("b"), file("c")]);
    expect(queue.snapshot().map(({ status }) => status)).toEqual(["sending", "sending", "waiting"]);

    sent("a").done("video-a");

    expect(item("a")).toMatchObject({ status: "done", sent: 100, video: "video-a" });
    expect(item("c").status).toBe("sending");
  });

  test("a failure keeps nobody else waiting and keeps the server's reason", () => {
    queue.add("p", [file("a"), file("b"), file("c")]);
    sent("a").failed("The disk is full.");
    expect(item("a")).toMatchObject({ status: "failed", note: "The disk is full." });
    expect(item("c").status).toBe("sending");
  });

  test("the same file is not taken twice, unless it has arrived", () => {
    expect(queue.add("p", [file("a")])).toEqual({ repeated: 0 });
    expect(queue.add("p", [file("a"), file("b")])).toEqual({ repeated: 1 });
    expect(queue.add("q", [file("a")])).toEqual({ repeated: 0 });
    sent("b").done(null);
    expect(queue.add("p", [file("b")])).toEqual({ repeated: 0 });
  });
});

describe("pausing", () => {
  test("gives the place to the next file, and goes on with the same transfer", async () => {
    queue.add("p", [file("a"), file("b"), file("c")]);
    await queue.pause(item("a").id);
    expect(item("a").status).toBe("paused");
    expect(item("c").status).toBe("sending");

    sent("b").done(null);
    queue.resume(item("a").id);

    expect(item("a").status).toBe("sending");
    expect(sent("a").calls).toEqual(["start", "pause", "start"]);
    expect(begun).toHaveLength(3);
  });

  test("all of one project, and only of that one", async () => {
    queue.add("p", [file("a")]);
    queue.add("q", [file("b")]);
    queue.pauseAll("p");
    expect([item("a").status, item("b").status]).toEqual(["paused", "sending"]);
    queue.resumeAll("p");
    expect(item("a").status).toBe("sending");
  });

  test("bytes that were still under way do not make a paused file look sent", async () => {
    queue.add("p", [file("a")]);
    await queue.pause(item("a").id);
    sent("a").progress(60);
    expect(item("a")).toMatchObject({ status: "paused", sent: 0 });
  });
});

test("trying a failed file again begins a new transfer, which asks the server how far it came", () => {
  queue.add("p", [file("a")]);
  sent("a").failed("No.");
  queue.resume(item("a").id);
  expect(begun).toHaveLength(2);
  expect(item("a")).toMatchObject({ status: "sending", note: "" });
});

test("cancelling tells the server to forget the file, and takes it off the list", async () => {
  queue.add("p", [file("a"), file("b"), file("c")]);
  await queue.cancel(item("a").id);
  expect(sent("a").calls).toEqual(["start", "cancel"]);
  expect(queue.snapshot().map(({ path }) => path)).toEqual(["b", "c"]);
  expect(item("c").status).toBe("sending");
});

test("stopping, as on signing out, keeps what the server has", () => {
  queue.add("p", [file("a")]);
  const transfer = sent("a");
  queue.stop();
  expect(transfer.calls).toEqual(["start", "pause"]);
  expect(queue.snapshot()).toEqual([]);
});

test("a lost connection is said, and forgotten with the next byte", () => {
  queue.add("p", [file("a")]);
  sent("a").waiting("Connection lost.");
  expect(item("a")).toMatchObject({ status: "sending", note: "Connection lost.", speed: null });
  sent("a").progress(10);
  sent("a").opened("/api/uploads/1/"); // publishes at once what progress would publish a little later
  expect(item("a")).toMatchObject({ note: "", sent: 10, url: "/api/uploads/1/" });
});

test("arrivals are told once, after the file counts as done", () => {
  const arrivals: string[] = [];
  const forget = queue.onArrival((one) => arrivals.push(`${one.path} ${item(one.path).status}`));
  queue.add("p", [file("a"), file("b")]);
  sent("a").done("v");
  forget();
  sent("b").done("v");
  expect(arrivals).toEqual(["a done"]);
});

test("progress is published at most four times a second", () => {
  vi.useFakeTimers();
  queue.add("p", [file("a", 1000)]);
  const listener = vi.fn();
  queue.subscribe(listener);
  for (let bytes = 1; bytes <= 500; bytes += 1) sent("a").progress(bytes);
  expect(listener).not.toHaveBeenCalled();
  vi.advanceTimersByTime(250);
  expect(listener).toHaveBeenCalledTimes(1);
  expect(item("a").sent).toBe(500);
  vi.useRealTimers();
});

test("totals leave failed files out, and time left out what is paused", () => {
  const base = { id: "", project: "p", path: "", note: "", url: null, video: null, speed: null };
  const sum = totals([
    { ...base, size: 100, sent: 50, status: "sending", speed: 10 },
    { ...base, size: 200, sent: 0, status: "waiting" },
    { ...base, size: 400, sent: 100, status: "paused" },
    { ...base, size: 100, sent: 100, status: "done" },
    { ...base, size: 900, sent: 10, status: "failed" },
  ]);
  expect(sum).toEqual({ files: 4, finished: 1, bytes: 800, sent: 250, speed: 10, left_s: 25, sending: true });
});
