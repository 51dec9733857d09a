import type { Uuid } from "../api/types";

/** Where a person is on the desk; the address holds all of it, so a link leads to the same view. */
export type Place = { run: Uuid | null; segment: Uuid | null; frame: number | null };

export function parsePlace(search: string): Place {
  const given = new URLSearchParams(search);
  const frame = given.get("frame") ?? "";
  return {
    run: given.get("run") || null,
    segment: given.get("segment") || null,
    frame: /^\d{1,10}$/.test(frame) ? Number(frame) : null,
  };
}

/** The same address at another frame. */
export function withFrame(search: string, frame: number): string {
  const given = new URLSearchParams(search);
  given.set("frame", String(frame));
  return `?${given.toString()}`;
}

const EVERY_MS = 400; // browsers refuse more than about 6 changes of the address a second

/**
 * Keep the address at the playhead without telling the router: it would render the page again at every frame.
 * The router reads the address anew when one goes back or forward. Returns how to stop.
 */
export function followInAddress(
  frame: () => number,
  subscribe: (listener: () => void) => () => void,
): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const write = (): void => {
    timer = undefined;
    const search = withFrame(window.location.search, frame());
    if (search !== window.location.search) {
      window.history.replaceState(window.history.state, "", window.location.pathname + search);
    }
  };
  const stop = subscribe(() => {
    timer ??= setTimeout(write, EVERY_MS);
  });
  return () => {
    stop();
    clearTimeout(timer);
  };
}
