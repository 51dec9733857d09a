import { describe, expect, test } from "vitest";

import {
  ACTIONS,
  assignKey,
  buildKeyMap,
  chordOf,
  digitOf,
  isTakenByWidget,
  isTyping,
  parseKeyChanges,
  showChord,
} from "./keymap";

const press = (key: string, extra: Partial<KeyboardEventInit> = {}) =>
  new KeyboardEvent("keydown", { key, ...extra });

describe("the default keys", () => {
  test("no key means two things", () => {
    const keys = ACTIONS.flatMap((action) => action.keys);
    expect(new Set(keys).size).toBe(keys.length);
  });

  test.each([
    [press(" "), "play"],
    [press(","), "frameBack"],
    [press("ArrowLeft"), "secondBack"],
    [press("ArrowLeft", { shiftKey: true }), "tenBack"],
    [press("ArrowLeft", { altKey: true }), "startEarlier"],
    [press("ArrowRight", { altKey: true, shiftKey: true }), "stopLater"],
    [press("a"), "accept"],
    [press("A"), "accept"], // Caps Lock
    [press("?", { shiftKey: true }), "help"],
    [press("+", { shiftKey: true }), "faster"],
    [press("["), "setStart"],
    [press("z", { ctrlKey: true }), "undo"],
    [press("z", { metaKey: true }), "undo"],
  ])("%o", (event, action) => {
    expect(buildKeyMap().actionOf.get(chordOf(event))).toBe(action);
  });

  test("Ctrl+R and Ctrl+A stay the browser's", () => {
    const { actionOf } = buildKeyMap();
    expect(actionOf.get(chordOf(press("r", { ctrlKey: true })))).toBeUndefined();
    expect(actionOf.get(chordOf(press("a", { ctrlKey: true })))).toBeUndefined();
  });

  test("digits are labels, 0 is not", () => {
    expect(digitOf(press("3"))).toBe(3);
    expect(digitOf(press("0"))).toBeNull();
    expect(digitOf(press("3", { ctrlKey: true }))).toBeNull();
  });
});

describe("changing keys", () => {
  test("a key given to an action is taken from the one that had it", () => {
    const changes = assignKey({}, "accept", "J") ?? {};
    const map = buildKeyMap(changes);
    expect(map.actionOf.get("J")).toBe("accept");
    expect(map.actionOf.get("A")).toBeUndefined();
    expect(map.keysOf.get("nextItem")).toEqual(["ArrowDown"]);
  });

  test("digits and Tab cannot be given away", () => {
    expect(assignKey({}, "accept", "1")).toBeNull();
    expect(assignKey({}, "accept", "Tab")).toBeNull();
  });

  test("stored preferences that make no sense are ignored", () => {
    expect(parseKeyChanges({ accept: ["Q"], reject: 7, unknown: ["W"] })).toEqual({ accept: ["Q"] });
    expect(parseKeyChanges(null)).toEqual({});
  });
});

describe("who gets a key", () => {
  const inside = (html: string, selector: string): Element => {
    document.body.innerHTML = html;
    const found = document.querySelector<HTMLElement>(selector);
    if (!found) throw new Error(selector);
    found.tabIndex = 0;
    found.focus();
    return found;
  };

  test.each(["<input>", '<input type="number">', "<textarea></textarea>", '<p role="textbox"></p>'])(
    "%s is typed into",
    (html) => {
      expect(isTyping(inside(html, "*:is(input, textarea, p)"))).toBe(true);
    },
  );

  test("a checkbox and a button are not typed into", () => {
    expect(isTyping(inside('<input type="checkbox">', "input"))).toBe(false);
    expect(isTyping(inside("<button>x</button>", "button"))).toBe(false);
  });

  test("a field that is only chosen from takes Space and arrows, but no letters", () => {
    const field = inside("<input readonly>", "input");
    expect(isTyping(field)).toBe(false);
    expect(isTakenByWidget(field, "ArrowDown")).toBe(true);
    expect(isTakenByWidget(field, "Space")).toBe(true);
    expect(isTakenByWidget(field, "J")).toBe(false);
  });

  test("Space presses the focused button, letters still reach the desk", () => {
    const button = inside("<button>x</button>", "button");
    expect(isTakenByWidget(button, "Space")).toBe(true);
    expect(isTakenByWidget(button, "A")).toBe(false);
  });

  test("arrows move a focused slider, unless it is the desk's own timeline", () => {
    expect(isTakenByWidget(inside('<div role="slider"></div>', "div"), "ArrowLeft")).toBe(true);
    expect(isTakenByWidget(inside('<div role="slider" data-desk-arrows></div>', "div"), "ArrowLeft")).toBe(
      false,
    );
  });
});

test("keys are shown as they are printed", () => {
  expect(showChord("Alt+Shift+ArrowLeft")).toBe("Alt Shift ←");
  expect(showChord("+")).toBe("+");
  expect(showChord("Ctrl+Z")).toBe("Ctrl Z");
});
