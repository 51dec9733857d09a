import { api } from "../client";
import type { Uuid } from "../types";

/** Maps `first` to `first + count - 1` of a (run, video), each `height * width` bytes, row by row. */
export type HeatmapBlock = { first: number; count: number; values: Uint8Array };

export const heatmapKeys = {
  block: (run: Uuid, video: Uuid, start: number, stop: number) =>
    ["heatmaps", run, video, start, stop] as const,
};

/** The maps whose frames lie in source frames [start, stop), at most 512. */
export async function fetchHeatmaps(
  run: Uuid,
  video: Uuid,
  span: { start: number; stop: number },
  signal?: AbortSignal,
): Promise<HeatmapBlock> {
  const { data, headers } = await api.bytes(`/api/runs/${run}/heatmaps/${video}/`, { params: span, signal });
  return {
    first: Number(headers.get("X-First-Index") ?? 0),
    count: Number(headers.get("X-Count") ?? 0),
    values: new Uint8Array(data),
  };
}
