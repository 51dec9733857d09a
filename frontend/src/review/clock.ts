import { createStore, type Store } from "../lib/store";

/**
 * The playhead. `frame` is the frame painted on the screen, `target` the one asked for; they differ only until
 * the picture arrives. It changes 60 times a second, so whoever draws it subscribes and writes to the page itself.
 */
export type Clock = {
  frame: number;
  target: number;
  playing: boolean;
  /** a drag along the timeline is under way: pictures come from the scrub sheets */
  scrubbing: boolean;
  /** playback or a seek waits for data */
  waiting: boolean;
};

export type ClockStore = Store<Clock>;

export function createClock(frame = 0): ClockStore {
  return createStore<Clock>({ frame, target: frame, playing: false, scrubbing: false, waiting: false });
}

export function patchClock(clock: ClockStore, change: Partial<Clock>): void {
  const old = clock.get();
  const changed = (Object.keys(change) as (keyof Clock)[]).some((key) => !Object.is(old[key], change[key]));
  if (changed) clock.set({ ...old, ...change });
}
