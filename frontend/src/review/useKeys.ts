import { useEffect, useLayoutEffect, useMemo, useRef } from "react";

import { useMe } from "../api/queries/session";
import { KEYS_PREFERENCE } from "./HelpModal";
import { REASONS } from "./items";
import {
  type ActionId,
  buildKeyMap,
  chordOf,
  digitOf,
  isTakenByWidget,
  isTyping,
  parseKeyChanges,
} from "./keymap";
import { useReviewSession } from "./session";
import { change } from "./settings";
import { changeSpeed, setSpeed } from "./stage/PlayerControls";
import { fit, zoomAt } from "./timeline/view";
import { say } from "./tools";
import { copyLink } from "./copyLink";
import { commentOpen } from "./VerdictBar";

/** While one of these is open the keys belong to it. */
const LAYERS = ".mantine-Modal-content, .mantine-Menu-dropdown, .mantine-Select-dropdown";

const POPOVERS = ".mantine-Popover-dropdown";

/** Some stay in the page when they are closed, without a place on the screen. */
function isOpen(layers: string): boolean {
  return [...document.querySelectorAll(layers)].some((layer) => layer.getClientRects().length > 0);
}

/** Listens for the whole desk. */
export function useKeys(onFullScreen: () => void): void {
  const session = useReviewSession();
  const { tools } = session;
  const me = useMe();
  const stored = me.preferences[KEYS_PREFERENCE];
  const map = useMemo(() => buildKeyMap(parseKeyChanges(stored)), [stored]);
  const latest = useRef({ session, map, onFullScreen });
  useLayoutEffect(() => {
    latest.current = { session, map, onFullScreen };
  });

  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const { session: now, map: keys, onFullScreen: fullScreen } = latest.current;
      if (event.defaultPrevented || event.isComposing || isTyping(event.target)) return;
      const chord = chordOf(event);
      if (isOpen(chord === "Escape" ? `${LAYERS}, ${POPOVERS}` : LAYERS)) return;
      if (isTakenByWidget(event.target, chord)) return;
      const digit = digitOf(event);
      if (digit !== null) {
        event.preventDefault();
        const reason = REASONS[digit - 1]?.reason;
        if (!tools.reasoning.get()) now.acts.label(digit);
        else if (reason) now.acts.decide("reject", reason);
        return;
      }
      const action = keys.actionOf.get(chord);
      if (!action) return;
      event.preventDefault();
      if (event.repeat && !REPEATS.has(action)) return;
      if (action !== "reject" && action !== "escape") tools.reasoning.set(false);
      if (action === "fullScreen") fullScreen();
      else ACTS[action](now);
    };
    // before anybody else: a dialog that closes at Escape would be gone when this asks whether one is open
    window.addEventListener("keydown", onKey, { capture: true });
    return () => window.removeEventListener("keydown", onKey, { capture: true });
  }, [tools]);
}

/** What may be held down. A held A must not accept one item after another. */
const REPEATS = new Set<ActionId>([
  "frameBack",
  "frameForward",
  "secondBack",
  "secondForward",
  "tenBack",
  "tenForward",
  "startEarlier",
  "startLater",
  "stopEarlier",
  "stopLater",
  "previousItem",
  "nextItem",
  "zoomIn",
  "zoomOut",
]);

type Act = (session: ReturnType<typeof useReviewSession>) => void;

const ACTS: Record<Exclude<ActionId, "fullScreen">, Act> = {
  play: ({ tools }) => tools.player.toggle(),
  frameBack: ({ tools }) => tools.player.step(-1),
  frameForward: ({ tools }) => tools.player.step(1),
  secondBack: ({ tools }) => tools.player.skip(-1),
  secondForward: ({ tools }) => tools.player.skip(1),
  tenBack: ({ tools }) => tools.player.skip(-10),
  tenForward: ({ tools }) => tools.player.skip(10),
  faster: ({ tools }) => changeSpeed(tools, 1),
  slower: ({ tools }) => changeSpeed(tools, -1),
  normalSpeed: ({ tools }) => setSpeed(tools, 1),
  loop: ({ tools }) => {
    const loop = !tools.settings.get().loop;
    change(tools.settings, { loop });
    say(tools, loop ? "Looping the item" : "Loop off");
  },
  previousItem: ({ acts }) => acts.step(-1),
  nextItem: ({ acts }) => acts.step(1),
  previousPeak: ({ acts }) => acts.peak(-1),
  nextPeak: ({ acts }) => acts.peak(1),
  mark: ({ acts }) => acts.markSelected(),
  markAll: ({ acts }) => acts.markAll(),
  setStart: ({ acts }) => acts.setEdge("start"),
  setStop: ({ acts }) => acts.setEdge("stop"),
  startEarlier: ({ acts }) => acts.nudge("start", -1),
  startLater: ({ acts }) => acts.nudge("start", 1),
  stopEarlier: ({ acts }) => acts.nudge("stop", -1),
  stopLater: ({ acts }) => acts.nudge("stop", 1),
  goToStart: ({ acts }) => acts.goToEdge("start"),
  goToStop: ({ acts }) => acts.goToEdge("stop"),
  accept: ({ acts }) => acts.decide("accept"),
  reject: ({ acts }) => acts.reject(),
  unsure: ({ acts }) => acts.decide("unsure"),
  undo: ({ acts }) => acts.undo(),
  heatmap: ({ tools, run, video }) => {
    if (!run?.videos.some((one) => one.video === video.id && one.heatmap))
      return say(tools, "This run has no heatmap");
    const heatmap = !tools.settings.get().heatmap;
    change(tools.settings, { heatmap });
    say(tools, heatmap ? "Heatmap" : "Heatmap off");
  },
  people: ({ tools, run, video }) => {
    if (!run?.videos.some((one) => one.video === video.id && one.people))
      return say(tools, "This run knows no people");
    const people = !tools.settings.get().people;
    change(tools.settings, { people });
    say(tools, people ? "Boxes and skeletons" : "Boxes and skeletons off");
  },
  privacy: ({ tools }) => {
    tools.privacy.set((on) => !on);
    say(tools, tools.privacy.get() ? "Privacy view" : "Privacy view off");
  },
  comment: ({ tools, selected }) => {
    if (selected) commentOpen.set(true);
    else say(tools, "Select an item first: J takes the next one", "warning");
  },
  search: ({ tools }) => {
    change(tools.settings, { scope: "run" });
    requestAnimationFrame(() => document.getElementById("queue-search")?.focus());
  },
  copyLink: ({ tools }) => copyLink(tools),
  zoomIn: ({ tools, timebase }) => zoomAround(tools, timebase.total, 1.6),
  zoomOut: ({ tools, timebase }) => zoomAround(tools, timebase.total, 1 / 1.6),
  fit: ({ tools, timebase }) => tools.view.set(fit(timebase.total)),
  escape: ({ acts }) => acts.escape(),
  help: ({ tools }) => tools.help.set(true),
};

/** Around the playhead where it is on show, else around the middle. */
function zoomAround(tools: Parameters<typeof say>[0], total: number, factor: number): void {
  const view = tools.view.get();
  const place = (tools.clock.get().frame - view.start) / (view.stop - view.start);
  tools.view.set(zoomAt(view, place >= 0 && place <= 1 ? place : 0.5, factor, total));
}
