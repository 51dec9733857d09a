import { queryOptions } from "@tanstack/react-query";

import { api } from "../client";
import type { Uuid } from "../types";

/** Every person of the frames [start, stop): row n is one person in one frame, by frame. */
export type PeopleBlock = {
  start: number;
  stop: number;
  joints: number;
  frames: Int32Array;
  tracks: Int32Array;
  scores: Float32Array;
  /** left, top, right, bottom of each row, in source pixels */
  boxes: Float32Array;
  /** x, y, confidence of each joint of each row, in source pixels */
  keypoints: Float32Array;
};

export type PersonLane = {
  track: number;
  first: number;
  stop: number;
  peak: number;
  cells: [number, number][];
};
export type PeopleLanes = { frames_per_cell: number; people: PersonLane[]; hidden: number };

/** The people in [start, stop), or in fewer frames where there are too many: `stop` of the answer says. */
export async function fetchPeople(
  run: Uuid,
  video: Uuid,
  span: { start: number; stop: number },
  signal?: AbortSignal,
): Promise<PeopleBlock> {
  const { data, headers } = await api.bytes(`/api/runs/${run}/people/${video}/`, { params: span, signal });
  const read = (name: string): number => Number(headers.get(name) ?? 0);
  return unpack(data, {
    start: span.start,
    stop: read("X-Stop"),
    count: read("X-Count"),
    joints: read("X-Joints"),
  });
}

export function unpack(
  data: ArrayBuffer,
  about: { start: number; stop: number; count: number; joints: number },
): PeopleBlock {
  const { start, stop, count, joints } = about;
  let offset = 0;
  const place = (numbers: number): number => {
    const at = offset;
    offset += 4 * numbers;
    return at;
  };
  return {
    start,
    stop,
    joints,
    frames: new Int32Array(data, place(count), count),
    tracks: new Int32Array(data, place(count), count),
    scores: new Float32Array(data, place(count), count),
    boxes: new Float32Array(data, place(4 * count), 4 * count),
    keypoints: new Float32Array(data, place(3 * joints * count), 3 * joints * count),
  };
}

/** Who is in a stretch of footage, and how strange when. */
export function lanesQuery(run: Uuid, video: Uuid, span: { start: number; stop: number }) {
  return queryOptions({
    queryKey: ["people", run, video, span.start, span.stop] as const,
    queryFn: ({ signal }) =>
      api.get<PeopleLanes>(`/api/runs/${run}/people/${video}/lanes/`, { params: span, signal }),
    staleTime: 300_000,
  });
}
