import type { Uuid } from "../api/types";

/** Where a person is on the desk; the address holds all of it, so a link leads to the same view. */
export type Place = {
  run: Uuid | null;
  segment: Uuid | null;
  frame: number | null;
  /** what the timeline shows; null: as the desk arranges it */
  view: { start: number; stop: number } | null;
  /** the panel on the right */
  tab: string | null;
};

export function parsePlace(search: string): Place {
  const given = new URLSearchParams(search);
  const number = (name: string): number | null => {
    const text = given.get(name) ?? "";
    return /^\d{1,10}$/.test(text) ? Number(text) : null;
  };
  const [start, stop] = [number("from"), number("to")];
  const tab = given.get("tab") ?? "";
  return {
    run: given.get("run") || null,
    segment: given.get("segment") || null,
    frame: number("frame"),
    view: start !== null && stop !== null && start < stop ? { start, stop } : null,
    tab: /^[a-z]{1,20}$/.test(tab) ? tab : null,
  };
}

/** What the address also says, besides run, item and frame; null: nothing. */
type Rest = { view: { start: number; stop: number } | null; tab: string | null };

/** The same address at another frame, with what the timeline and the panel show. */
export function withFrame(search: string, frame: number, { view, tab }: Rest): string {
  const given = new URLSearchParams(search);
  given.set("frame", String(frame));
  const put = (name: string, value: string | null): void => {
    if (value === null) given.delete(name);
    else given.set(name, value);
  };
  put("from", view && String(Math.floor(view.start)));
  put("to", view && String(Math.ceil(view.stop)));
  put("tab", tab);
  return `?${given.toString()}`;
}

const EVERY_MS = 400; // browsers refuse more than about 6 changes of the address a second

/**
 * Keep the address at the playhead without telling the router: it would render the page again at every frame.
 * The router reads the address anew when one goes back or forward. Returns how to stop.
 */
export function followInAddress(
  now: () => Rest & { frame: number },
  ...subscriptions: ((listener: () => void) => () => void)[]
): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const write = (): void => {
    timer = undefined;
    const { frame, ...rest } = now();
    const search = withFrame(window.location.search, frame, rest);
    if (search !== window.location.search) {
      window.history.replaceState(window.history.state, "", window.location.pathname + search);
    }
  };
  const stops = subscriptions.map((subscribe) =>
    subscribe(() => {
      timer ??= setTimeout(write, EVERY_MS);
    }),
  );
  return () => {
    for (const stop of stops) stop();
    clearTimeout(timer);
  };
}
