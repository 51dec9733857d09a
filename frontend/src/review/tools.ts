import type { Policy, Preview } from "../api/types";
import { createStore, type Store } from "../lib/store";
import { Arrival } from "./arrival";
import { type ClockStore, createClock } from "./clock";
import { type ManyStep, Stopwatch, type UndoStep } from "./decisions";
import { createDrafts, type DraftStore } from "./drafts";
import { type Marked, NONE_MARKED, OpenedItems } from "./marked";
import { parsePlace } from "./place";
import { Player } from "./player";
import type { Selection } from "./selection";
import { openSettings, type SettingsStore } from "./settings";
import type { View } from "./timeline/view";

/** Another policy or threshold being tried out; nothing is changed until it is applied. */
export type Tuning = { policy: Partial<Policy>; threshold: number | null };

export type Trial = { tuning: Tuning; preview: Preview | null; error: unknown };

export type Toast = { text: string; tone: "plain" | "warning"; at: number };

/** What lives as long as the desk is open, whatever video it shows. None of it is React state. */
export type Tools = {
  clock: ClockStore;
  player: Player;
  settings: SettingsStore;
  drafts: DraftStore;
  /** what the timeline shows */
  view: Store<View>;
  trial: Store<Trial | null>;
  toast: Store<Toast | null>;
  /** the reject key was pressed: 1-5 now mean a reason */
  reasoning: Store<boolean>;
  /** blurred picture; on purpose not kept: a person should know why the picture is blurred */
  privacy: Store<boolean>;
  help: Store<boolean>;
  /** the panel on the right; null: the first */
  tab: Store<string | null>;
  undo: Store<readonly (UndoStep | ManyStep)[]>;
  /** items that one decision is to be about */
  marked: Store<Marked>;
  opened: OpenedItems;
  /** keeps a decision from falling on an item that nobody has seen yet */
  arrival: Arrival;
  watch: Stopwatch;
  /** the map of patterns as a person left it, and what is selected on it */
  patterns: Store<PatternsView>;
  selection: Store<Selection | null>;
  /** regions of the picture that are pointed out: left, top, right, bottom as fractions */
  boxes: Store<readonly Box[]>;
};

export type Box = { box: [number, number, number, number]; name: string };

export type PatternsView = {
  what: "footage" | "window";
  method: "pca" | "tsne";
  by: "score" | "label" | "video";
};

export function createTools(): Tools {
  const clock = createClock();
  const player = new Player(clock);
  const settings = openSettings();
  player.setSpeed(settings.get().speed);
  return {
    clock,
    player,
    settings,
    drafts: createDrafts(),
    view: createStore<View>({ start: 0, stop: 1 }),
    trial: createStore<Trial | null>(null),
    toast: createStore<Toast | null>(null),
    reasoning: createStore(false),
    privacy: createStore(false),
    help: createStore(false),
    tab: createStore(parsePlace(window.location.search).tab),
    undo: createStore<readonly (UndoStep | ManyStep)[]>([]),
    marked: createStore(NONE_MARKED),
    opened: new OpenedItems(),
    arrival: new Arrival(clock),
    watch: new Stopwatch(),
    patterns: createStore<PatternsView>({ what: "footage", method: "pca", by: "score" }),
    selection: createStore<Selection | null>(null),
    boxes: createStore<readonly Box[]>([]),
  };
}

export function say(tools: Tools, text: string, tone: Toast["tone"] = "plain"): void {
  tools.toast.set({ text, tone, at: performance.now() });
}
