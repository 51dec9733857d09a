import { beforeEach, expect, test } from "vitest";

import { markRange, NONE_MARKED, OpenedItems, toggleMark } from "./marked";

beforeEach(() => localStorage.clear());

const shown = ["a", "b", "c", "d", "e"];

test("a mark is set and taken off", () => {
  const once = toggleMark(NONE_MARKED, "a");
  expect([...once]).toEqual(["a"]);
  expect([...toggleMark(once, "a")]).toEqual([]);
});

test("a range reaches from the last marked one, in either direction", () => {
  expect([...markRange(new Set(["b"]), shown, "d")].toSorted()).toEqual(["b", "c", "d"]);
  expect([...markRange(new Set(["d"]), shown, "b")].toSorted()).toEqual(["b", "c", "d"]);
  expect([...markRange(NONE_MARKED, shown, "c")]).toEqual(["c"]);
});

test("what was opened is known after a reload, what was not is counted", () => {
  new OpenedItems().add("a");
  expect(new OpenedItems().countNever(["a", "b", "c"])).toBe(2);
});

test("what is stored there and is not ours is nothing", () => {
  localStorage.setItem("vadreview.opened", '{"a":1}');
  expect(new OpenedItems().countNever(["a"])).toBe(1);
});
