import type { Video } from "../api/types";
import { sheetUrl, tileOf } from "./sheets";
import classes from "./thumbnail.module.css";

/** A small picture of one frame, from the scrub sheets: no request a picture, no decoding. */
export function Thumbnail({ video, frame, width }: { video: Video; frame: number; width: number }) {
  const { sheets } = video;
  if (!sheets) return <div className={classes.empty} style={{ width, aspectRatio: "16 / 9" }} />;
  const tile = tileOf(sheets, frame);
  const scale = width / sheets.tile_width;
  return (
    <div
      className={classes.tile}
      style={{
        width,
        height: sheets.tile_height * scale,
        backgroundImage: `url("${sheetUrl(video, tile.sheet)}")`,
        backgroundPosition: `${-tile.x * scale}px ${-tile.y * scale}px`,
        backgroundSize: `${sheets.columns * sheets.tile_width * scale}px auto`,
      }}
    />
  );
}
