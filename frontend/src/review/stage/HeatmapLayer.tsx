import { useEffect, useMemo, useRef } from "react";

import { fetchHeatmaps } from "../../api/queries/heatmaps";
import type { HeatmapMeta, Uuid } from "../../api/types";
import { useStore } from "../../lib/store";
import { heatColors } from "../colormap";
import { HeatmapChunks, mapIndex } from "../heatmapChunks";
import type { Tools } from "../tools";
import classes from "./stage.module.css";

const AHEAD = 2; // chunks, while playing

/**
 * The error map of the painted frame over the picture. Values are coloured on the scale that is chosen and
 * enlarged bilinearly by the compositor; the canvas covers exactly the region of the frame that the run saw.
 */
export function HeatmapLayer(props: { run: Uuid; video: Uuid; meta: HeatmapMeta; tools: Tools }) {
  const { run, video, meta, tools } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const opacity = useStore(tools.settings, (settings) => settings.opacity);
  const scale = useStore(tools.settings, (settings) => settings.heatScale);
  const colors = useMemo(() => new Uint32Array(heatColors().buffer), []);

  useEffect(() => {
    const surface = canvas.current;
    const context = surface?.getContext("2d");
    if (!surface || !context) return;
    surface.width = meta.width;
    surface.height = meta.height;
    const picture = context.createImageData(meta.width, meta.height);
    const pixels = new Uint32Array(picture.data.buffer);
    let drawn: number | null = null;
    const clear = (): void => {
      drawn = null;
      context.clearRect(0, 0, meta.width, meta.height);
    };
    const draw = (): void => {
      const { frame, playing, scrubbing } = tools.clock.get();
      const index = mapIndex(meta, frame);
      if (index === null) return clear();
      if (!scrubbing) chunks.want(index, playing ? AHEAD : 0);
      if (index === drawn) return;
      const map = chunks.map(index);
      // never the map of another frame: it would point at the wrong place
      if (!map) return clear();
      const top = scale === "frame" ? Math.max(1, ...map) : scale === "video" ? (meta.top ?? 255) : 255;
      for (let n = 0; n < map.length; n += 1)
        pixels[n] = colors[Math.min(255, Math.round(((map[n] ?? 0) * 255) / top))] ?? 0;
      context.putImageData(picture, 0, 0);
      drawn = index;
    };
    const chunks = new HeatmapChunks(meta, (span, signal) => fetchHeatmaps(run, video, span, signal), draw);
    draw();
    const stop = tools.clock.subscribe(draw);
    return () => {
      stop();
      chunks.clear();
    };
  }, [run, video, meta, tools, colors, scale]);

  const [left, top, right, bottom] = meta.region;
  const percent = (part: number): string => `${part * 100}%`;
  return (
    <canvas
      ref={canvas}
      className={classes.heatmap}
      data-testid="heatmap"
      aria-hidden
      style={{
        left: percent(left),
        top: percent(top),
        width: percent(right - left),
        height: percent(bottom - top),
        opacity,
      }}
    />
  );
}
