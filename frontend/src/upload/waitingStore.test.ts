import { beforeEach, expect, test } from "vitest";

import { UploadQueue } from "./queue";
import type { TransferEvents, TransferRequest } from "./transport";
import { WaitingStore } from "./waitingStore";

let begun: (TransferRequest & TransferEvents)[];

beforeEach(() => {
  localStorage.clear();
  begun = [];
});

function queue(): UploadQueue {
  const nothing = async (): Promise<void> => {};
  return new UploadQueue(
    (request, events) => {
      begun.push({ ...request, ...events });
      return { start: () => {}, pause: nothing, cancel: nothing };
    },
    new WaitingStore(localStorage, "me"),
  );
}

const file = (name: string) => ({ file: new File(["xx"], name, { lastModified: 1 }), path: name });
const left = () => new WaitingStore(localStorage, "me").list("p").map(({ path }) => path);

test("after a reload the files that had not arrived are still known by name, begun or not", () => {
  const before = queue();
  before.add("p", [file("a"), file("b"), file("c"), file("d")]);
  begun.find(({ path }) => path === "a")?.done("video");
  expect(left()).toEqual(["b", "c", "d"]);
  expect(new WaitingStore(localStorage, "you").list("p")).toEqual([]);
  expect(new WaitingStore(localStorage, "me").list("another")).toEqual([]);
});

test("what was cancelled is forgotten; what is chosen again is not listed twice", async () => {
  const first = queue();
  first.add("p", [file("a"), file("b")]);
  await first.cancel(first.snapshot()[1]?.id ?? "");
  expect(left()).toEqual(["a"]);
  queue().add("p", [file("a")]);
  expect(left()).toEqual(["a"]);
});

test("what was chosen before and is under way again, or was dismissed, is not asked for", () => {
  queue().add("p", [file("a"), file("b"), file("c")]);
  const after = queue();
  after.add("p", [file("b")]);
  expect(after.left("p").map(({ path }) => path)).toEqual(["a", "c"]);
  after.dismiss("p");
  expect(after.left("p")).toEqual([]);
  expect(left()).toEqual(["b"]);
});

test("what is stored there and is not ours is left alone", () => {
  localStorage.setItem("vadreview.waiting.me", '[{"project":"p"},7,null]');
  expect(left()).toEqual([]);
  localStorage.setItem("vadreview.waiting.me", "{cut");
  expect(left()).toEqual([]);
});
