/** Which key does what. Pure: what the actions do is in useKeys. */

export type ActionId =
  | "play"
  | "frameBack"
  | "frameForward"
  | "secondBack"
  | "secondForward"
  | "tenBack"
  | "tenForward"
  | "faster"
  | "slower"
  | "normalSpeed"
  | "loop"
  | "fullScreen"
  | "previousItem"
  | "nextItem"
  | "previousPeak"
  | "nextPeak"
  | "mark"
  | "markAll"
  | "setStart"
  | "setStop"
  | "startEarlier"
  | "startLater"
  | "stopEarlier"
  | "stopLater"
  | "goToStart"
  | "goToStop"
  | "accept"
  | "reject"
  | "unsure"
  | "undo"
  | "heatmap"
  | "people"
  | "privacy"
  | "comment"
  | "search"
  | "copyLink"
  | "zoomIn"
  | "zoomOut"
  | "fit"
  | "escape"
  | "help";

export type KeyAction = { id: ActionId; label: string; group: KeyGroup; keys: readonly string[] };

export const GROUPS = ["Decide", "Items", "Edges", "Play", "View"] as const;
export type KeyGroup = (typeof GROUPS)[number];

export const ACTIONS: readonly KeyAction[] = [
  { id: "accept", label: "Accept", group: "Decide", keys: ["A"] },
  { id: "reject", label: "Reject, then 1-5 for the reason", group: "Decide", keys: ["R"] },
  { id: "unsure", label: "Unsure", group: "Decide", keys: ["U"] },
  { id: "undo", label: "Undo the last decision", group: "Decide", keys: ["Z", "Ctrl+Z"] },
  { id: "comment", label: "Comment", group: "Decide", keys: ["C"] },
  { id: "previousItem", label: "Previous item", group: "Items", keys: ["K", "ArrowUp"] },
  { id: "nextItem", label: "Next item", group: "Items", keys: ["J", "ArrowDown"] },
  { id: "previousPeak", label: "Previous peak", group: "Items", keys: ["P"] },
  { id: "nextPeak", label: "Next peak", group: "Items", keys: ["N"] },
  { id: "search", label: "Search the queue", group: "Items", keys: ["/"] },
  { id: "mark", label: "Mark for one decision about many", group: "Items", keys: ["M"] },
  { id: "markAll", label: "Mark all that the queue shows", group: "Items", keys: ["Shift+M"] },
  { id: "escape", label: "Drop the edit, close, or deselect", group: "Items", keys: ["Escape"] },
  { id: "setStart", label: "Set the start here", group: "Edges", keys: ["["] },
  { id: "setStop", label: "Set the end here", group: "Edges", keys: ["]"] },
  { id: "startEarlier", label: "Start one frame earlier", group: "Edges", keys: ["Alt+ArrowLeft"] },
  { id: "startLater", label: "Start one frame later", group: "Edges", keys: ["Alt+ArrowRight"] },
  { id: "stopEarlier", label: "End one frame earlier", group: "Edges", keys: ["Alt+Shift+ArrowLeft"] },
  { id: "stopLater", label: "End one frame later", group: "Edges", keys: ["Alt+Shift+ArrowRight"] },
  { id: "goToStart", label: "Go to the start", group: "Edges", keys: ["S"] },
  { id: "goToStop", label: "Go to the end", group: "Edges", keys: ["E"] },
  { id: "play", label: "Play or pause", group: "Play", keys: ["Space"] },
  { id: "frameBack", label: "One frame back", group: "Play", keys: [","] },
  { id: "frameForward", label: "One frame forward", group: "Play", keys: ["."] },
  { id: "secondBack", label: "1 second back", group: "Play", keys: ["ArrowLeft"] },
  { id: "secondForward", label: "1 second forward", group: "Play", keys: ["ArrowRight"] },
  { id: "tenBack", label: "10 seconds back", group: "Play", keys: ["Shift+ArrowLeft"] },
  { id: "tenForward", label: "10 seconds forward", group: "Play", keys: ["Shift+ArrowRight"] },
  { id: "faster", label: "Faster", group: "Play", keys: ["+", "="] },
  { id: "slower", label: "Slower", group: "Play", keys: ["-"] },
  { id: "normalSpeed", label: "Normal speed", group: "Play", keys: ["0"] },
  { id: "loop", label: "Loop the item", group: "Play", keys: ["L"] },
  { id: "heatmap", label: "Heatmap on or off", group: "View", keys: ["H"] },
  { id: "people", label: "Boxes and skeletons on or off", group: "View", keys: ["B"] },
  { id: "privacy", label: "Privacy view (blur the picture)", group: "View", keys: ["X"] },
  { id: "fullScreen", label: "Full screen", group: "View", keys: ["F"] },
  { id: "zoomIn", label: "Zoom the timeline in", group: "View", keys: ["Shift+ArrowUp"] },
  { id: "zoomOut", label: "Zoom the timeline out", group: "View", keys: ["Shift+ArrowDown"] },
  { id: "fit", label: "Show the whole video", group: "View", keys: ["Home"] },
  { id: "copyLink", label: "Copy a link to this view", group: "View", keys: ["Shift+C"] },
  { id: "help", label: "List the keys", group: "View", keys: ["?"] },
];

/** What a person changed: the action's keys instead of the default ones. */
export type KeyChanges = Partial<Record<ActionId, readonly string[]>>;

export type KeyMap = {
  actionOf: ReadonlyMap<string, ActionId>;
  keysOf: ReadonlyMap<ActionId, readonly string[]>;
};

/** Digits belong to labels and reasons, these to the browser and the keyboard itself. */
const RESERVED = new Set(["Tab", "Enter", "Escape", "Space", "F5", "F11", "F12", ..."123456789"]);

export function buildKeyMap(changes: KeyChanges = {}): KeyMap {
  const keysOf = new Map<ActionId, readonly string[]>();
  const actionOf = new Map<string, ActionId>();
  for (const action of ACTIONS) {
    const keys = changes[action.id] ?? action.keys;
    keysOf.set(action.id, keys);
    for (const key of keys) if (!actionOf.has(key)) actionOf.set(key, action.id);
  }
  return { actionOf, keysOf };
}

/** Give an action one new key. Whoever had it loses it; null when the key cannot be given. */
export function assignKey(changes: KeyChanges, id: ActionId, key: string): KeyChanges | null {
  if (RESERVED.has(key)) return null;
  const { actionOf, keysOf } = buildKeyMap(changes);
  const holder = actionOf.get(key);
  const changed: KeyChanges = { ...changes, [id]: [key] };
  if (holder && holder !== id) changed[holder] = (keysOf.get(holder) ?? []).filter((one) => one !== key);
  return changed;
}

/** Read changes from stored preferences, which may be anything. */
export function parseKeyChanges(value: unknown): KeyChanges {
  const changes: KeyChanges = {};
  if (typeof value !== "object" || value === null) return changes;
  const stored = value as Record<string, unknown>;
  for (const { id } of ACTIONS) {
    const keys = stored[id];
    if (Array.isArray(keys) && keys.every((key) => typeof key === "string")) changes[id] = keys as string[];
  }
  return changes;
}

type Pressed = Pick<KeyboardEvent, "key" | "code" | "altKey" | "ctrlKey" | "metaKey" | "shiftKey">;

/**
 * One name for what was pressed: "A", "Shift+ArrowLeft", "Ctrl+Z", "?".
 * A printed character already contains its Shift ("?" is Shift+/ here and another key elsewhere).
 */
export function chordOf(event: Pressed): string {
  const letter = /^[a-z]$/i.test(event.key);
  const printed = event.key.length === 1 && event.key !== " " && !letter;
  let name = event.key === " " ? "Space" : letter ? event.key.toUpperCase() : event.key;
  // Alt on a Mac prints another character; the place on the keyboard still says which key it was
  if (event.altKey && event.key.length === 1 && /^(Key[A-Z]|Digit\d)$/.test(event.code)) {
    name = event.code.replace(/^(Key|Digit)/, "");
  }
  const modifiers = [
    event.ctrlKey || event.metaKey ? "Ctrl" : "",
    event.altKey ? "Alt" : "",
    event.shiftKey && !printed ? "Shift" : "",
  ].filter(Boolean);
  return [...modifiers, name].join("+");
}

/** 1-9 without modifiers, from the top row or the number pad; null otherwise. */
export function digitOf(event: Pressed): number | null {
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  const digit = /^[1-9]$/.test(event.key) ? event.key : null;
  return digit ? Number(digit) : null;
}

const TYPED = new Set(["text", "search", "email", "password", "number", "url", "tel", "date", "time", ""]);

/** Does this element want the plain keys for itself? */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement) return true;
  if (target instanceof HTMLSelectElement) return true;
  // what can only be chosen from takes Space and arrows (see below), not letters
  if (target instanceof HTMLInputElement) return TYPED.has(target.type) && !target.readOnly;
  return target.closest('[role="textbox"]') !== null;
}

/** A value was chosen from a field: the next key is for the desk again. */
export function leaveField(): void {
  if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
}

const ARROWS = /Arrow(Left|Right|Up|Down)$|^Home$/;

/**
 * A focused slider, menu or list moves by arrows; a focused button or link is pressed by Space. Only where the
 * keyboard led there: after a click with the mouse the next key is meant for the desk.
 */
export function isTakenByWidget(target: EventTarget | null, chord: string): boolean {
  if (!(target instanceof HTMLElement) || !target.matches(":focus-visible")) return false;
  if (ARROWS.test(chord) && !chord.includes("Alt+")) {
    if (target instanceof HTMLInputElement) return true;
    const moves =
      '[role="slider"], [role="menu"], [role="menuitem"], [role="listbox"], [role="option"], [role="tab"]';
    return target.closest(moves) !== null && target.closest("[data-desk-arrows]") === null;
  }
  if (chord !== "Space") return false;
  return target.closest('button, a[href], summary, input, [role="button"], [role="menuitem"]') !== null;
}

const SHOWN: Record<string, string> = {
  ArrowLeft: "←",
  ArrowRight: "→",
  ArrowUp: "↑",
  ArrowDown: "↓",
  Escape: "Esc",
};

/** "Alt+Shift+ArrowLeft" -> "Alt Shift ←". */
export function showChord(chord: string): string {
  if (chord === "+") return "+";
  return chord
    .split(/\+(?=.)/)
    .map((part) => SHOWN[part] ?? part)
    .join(" ");
}
