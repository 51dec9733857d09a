import type { Sheets, Video } from "../api/types";

/** Where the small picture of a frame lies: on which sheet, and where there (pixels). */
export type Tile = { sheet: number; x: number; y: number; frame: number };

export function tileOf(sheets: Sheets, frame: number): Tile {
  const place = Math.min(Math.max(0, Math.floor(frame / sheets.stride)), Math.max(0, sheets.count - 1));
  const perSheet = sheets.columns * sheets.rows;
  const within = place % perSheet;
  return {
    sheet: Math.floor(place / perSheet),
    x: (within % sheets.columns) * sheets.tile_width,
    y: Math.floor(within / sheets.columns) * sheets.tile_height,
    frame: place * sheets.stride,
  };
}

export function sheetUrl(video: Video, sheet: number): string {
  return video.urls.sheet.replace("{n}", String(sheet));
}

export function frameUrl(video: Video, frame: number): string {
  return video.urls.frame.replace("{n}", String(frame));
}

const MOST_SHEETS = 24;
const loaded = new Map<string, HTMLImageElement>(); // in order of use

/** The sheet's picture if it is here; else it is asked for, and `onArrival` called once it is. */
export function sheetImage(url: string, onArrival: () => void): HTMLImageElement | null {
  const known = loaded.get(url);
  if (known) {
    loaded.delete(url);
    loaded.set(url, known);
    if (known.complete && known.naturalWidth > 0) return known;
    known.addEventListener("load", onArrival, { once: true });
    return null;
  }
  const image = new Image();
  image.addEventListener("load", onArrival, { once: true });
  image.addEventListener("error", () => loaded.delete(url), { once: true });
  image.src = url;
  loaded.set(url, image);
  while (loaded.size > MOST_SHEETS) loaded.delete(loaded.keys().next().value ?? "");
  return null;
}
