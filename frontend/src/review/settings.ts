import type { SegmentOrder, SegmentState } from "../api/types";
import { createStore, type Store } from "../lib/store";

/** How a person likes the desk; kept by the browser, and the same from one video to the next. */
export type DeskSettings = {
  /** go to the next open item after a decision */
  advance: boolean;
  /** what an item shows when it opens */
  opens: "peak" | "start" | "play";
  /** what happens to the timeline then */
  zoom: "keep" | "item" | "fit";
  speed: number;
  loop: boolean;
  heatmap: boolean;
  /** boxes and skeletons, and the lanes of people */
  people: boolean;
  opacity: number;
  /** what full colour means: the highest value of the run, of this video, or of the picture at hand */
  heatScale: "run" | "video" | "frame";
  /** the bands of pseudo-labels under the timeline */
  bands: boolean;
  order: SegmentOrder;
  state: SegmentState;
  /** whose items the queue holds */
  scope: "video" | "run";
};

export const DEFAULTS: DeskSettings = {
  advance: true,
  opens: "peak",
  zoom: "keep",
  speed: 1,
  loop: false,
  heatmap: true,
  people: true,
  opacity: 0.75,
  heatScale: "run",
  bands: true,
  order: "score",
  state: "open",
  scope: "run",
};

const CHOICES: { [K in keyof DeskSettings]?: readonly DeskSettings[K][] } = {
  opens: ["peak", "start", "play"],
  zoom: ["keep", "item", "fit"],
  heatScale: ["run", "video", "frame"],
  order: ["score", "fused", "uncertain", "threshold", "disagree", "diverse", "time", "newest"],
  state: ["open", "decided", "unsure", "conflict", "suspect", "all"],
  scope: ["video", "run"],
};

/** Take over what makes sense of what was stored, by this version or another. */
export function parseSettings(text: string | null): DeskSettings {
  let stored: unknown = null;
  try {
    stored = JSON.parse(text ?? "null");
  } catch {
    // not ours, or cut off: the defaults hold
  }
  if (typeof stored !== "object" || stored === null) return DEFAULTS;
  const known = Object.entries(stored).filter(([name, value]) => {
    if (!(name in DEFAULTS)) return false;
    const key = name as keyof DeskSettings;
    const choices: readonly unknown[] | undefined = CHOICES[key];
    if (choices) return choices.includes(value);
    if (typeof value !== typeof DEFAULTS[key]) return false;
    return typeof value !== "number" || (value >= 0 && value <= 16);
  });
  return { ...DEFAULTS, ...Object.fromEntries(known) };
}

const NAME = "vadreview.desk";

function read(): string | null {
  try {
    return localStorage.getItem(NAME);
  } catch {
    return null;
  }
}

export type SettingsStore = Store<DeskSettings>;

export function openSettings(): SettingsStore {
  const store = createStore(parseSettings(read()));
  store.subscribe(() => {
    try {
      localStorage.setItem(NAME, JSON.stringify(store.get()));
    } catch {
      // storage is full or forbidden: they hold until the page is left
    }
  });
  return store;
}

export function change(store: SettingsStore, changed: Partial<DeskSettings>): void {
  store.set((old) => ({ ...old, ...changed }));
}
