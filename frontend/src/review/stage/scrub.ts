import type { Video } from "../../api/types";
import { sheetImage, sheetUrl, tileOf } from "../sheets";
import type { Tools } from "../tools";

/** While a person drags along the timeline: small pictures at once, until the player has the frame itself. */
export function layScrubPictures(surface: HTMLCanvasElement, video: Video, tools: Tools): () => void {
  const { clock, player } = tools;
  const { sheets } = video;
  if (!sheets) return () => {};
  surface.width = sheets.tile_width;
  surface.height = sheets.tile_height;
  let drawn: number | null = null;
  const hide = (): void => {
    drawn = null;
    surface.style.visibility = "hidden";
  };
  const follow = (): void => {
    const { scrubbing, frame, target } = clock.get();
    if (drawn !== null && !scrubbing && frame === target && frame !== drawn) return hide();
    if (drawn !== null && !scrubbing && drawn === target) return hide();
    if (!scrubbing) return;
    const tile = tileOf(sheets, target);
    if (frame === target && drawn === null) return;
    if (tile.frame === drawn) {
      if (frame === target && frame !== tile.frame) hide();
      return;
    }
    const image = sheetImage(sheetUrl(video, tile.sheet), follow);
    if (!image) return;
    surface
      .getContext("2d")
      ?.drawImage(image, tile.x, tile.y, surface.width, surface.height, 0, 0, surface.width, surface.height);
    surface.style.visibility = "visible";
    drawn = tile.frame;
    player.painted(tile.frame);
  };
  const stop = clock.subscribe(follow);
  return () => {
    stop();
    surface.style.visibility = "hidden";
  };
}
