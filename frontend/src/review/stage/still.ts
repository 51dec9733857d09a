import type { Video } from "../../api/types";
import { frameUrl } from "../sheets";
import type { Tools } from "../tools";

const SETTLE_MS = 40; // held keys step faster than this: the player's own picture does for those

/**
 * When paused: lay the exact still of the frame over the player, once it is decoded, so that nothing flickers.
 * When playing goes on, it stays until the player has painted another frame.
 */
export function layStills(surface: HTMLCanvasElement, video: Video, tools: Tools): () => void {
  const { clock, player } = tools;
  let shown: number | null = null;
  let asked: number | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let closed = false;

  const hide = (): void => {
    if (shown === null) return;
    shown = null;
    surface.style.visibility = "hidden";
  };
  const show = (image: HTMLImageElement, frame: number): void => {
    surface.width = image.naturalWidth;
    surface.height = image.naturalHeight;
    surface.getContext("2d")?.drawImage(image, 0, 0);
    surface.style.visibility = "visible";
    shown = frame;
    player.painted(frame);
  };
  const load = (frame: number): void => {
    asked = frame;
    const image = new Image();
    image.src = frameUrl(video, frame);
    image
      .decode()
      .then(() => {
        const { playing, scrubbing, target } = clock.get();
        if (!closed && !playing && !scrubbing && target === frame) show(image, frame);
      })
      .catch(() => {
        // the still is not there (yet): the player's picture of the same frame stays
        if (asked === frame) asked = null;
      });
  };
  const follow = (): void => {
    const { playing, scrubbing, frame, target } = clock.get();
    if (shown !== null && (scrubbing || (frame !== shown && (playing || frame === target)))) hide();
    if (playing || scrubbing) {
      asked = null;
      clearTimeout(timer);
    } else if (target !== asked && target !== shown) {
      clearTimeout(timer);
      asked = target;
      timer = setTimeout(() => load(target), SETTLE_MS);
    }
  };
  follow();
  const stop = clock.subscribe(follow);
  return () => {
    closed = true;
    stop();
    clearTimeout(timer);
    surface.style.visibility = "hidden";
  };
}
