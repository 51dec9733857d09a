import type { FramePeople } from "./peopleChunks";
import { colorOf, type Scale, strangeness } from "./scale";

/** Pairs of COCO's 17 joints. */
const BONES: readonly (readonly [number, number])[] = [
  [5, 7], [7, 9], [6, 8], [8, 10], [5, 6], [5, 11], [6, 12], [11, 12], [11, 13], [13, 15], [12, 14], [14, 16],
  [0, 1], [0, 2], [1, 3], [2, 4], [3, 5], [4, 6],
]; // prettier-ignore
const LEAST_CONFIDENCE = 0.2;

type Context = CanvasRenderingContext2D;

/** Draw the people of one frame; `zoom` is canvas pixels for each source pixel, along and down. */
export function drawPeople(
  context: Context,
  people: FramePeople,
  options: { zoom: readonly [number, number]; scale: Scale; dpr: number },
): void {
  const { block } = people;
  const order: number[] = [];
  for (let n = people.first; n < people.last; n += 1) order.push(n);
  // the strangest on top
  order.sort((one, other) => (block.scores[one] ?? 0) - (block.scores[other] ?? 0));
  context.lineCap = "round";
  context.lineJoin = "round";
  for (const n of order) {
    const strange = strangeness(block.scores[n] ?? 0, options.scale);
    context.globalAlpha = 0.75 + 0.25 * strange;
    drawPerson(context, people, n, { ...options, strange });
  }
  context.globalAlpha = 1;
}

function drawPerson(
  context: Context,
  { block }: FramePeople,
  n: number,
  { zoom, dpr, strange }: { zoom: readonly [number, number]; dpr: number; strange: number },
): void {
  const color = colorOf(strange);
  const [left, top, right, bottom] = block.boxes.subarray(4 * n, 4 * n + 4);
  // somebody far away is not buried under lines
  const tall = ((bottom ?? 0) - (top ?? 0)) * zoom[1];
  const width = Math.min((1 + 2.2 * strange) * dpr, Math.max(0.7 * dpr, 0.05 * tall));
  const rim = Math.min(1.6 * dpr, 0.02 * tall);
  const box = new Path2D();
  box.rect(
    (left ?? 0) * zoom[0],
    (top ?? 0) * zoom[1],
    ((right ?? 0) - (left ?? 0)) * zoom[0],
    ((bottom ?? 0) - (top ?? 0)) * zoom[1],
  );
  const limbs = new Path2D();
  const joint = (j: number): [number, number] | null => {
    const at = 3 * (n * block.joints + j);
    if ((block.keypoints[at + 2] ?? 0) < LEAST_CONFIDENCE) return null;
    return [(block.keypoints[at] ?? 0) * zoom[0], (block.keypoints[at + 1] ?? 0) * zoom[1]];
  };
  if (block.joints === 17) {
    for (const [a, b] of BONES) {
      const [from, to] = [joint(a), joint(b)];
      if (!from || !to) continue;
      limbs.moveTo(...from);
      limbs.lineTo(...to);
    }
  } else {
    for (let j = 0; j < block.joints; j += 1) {
      const place = joint(j);
      if (place) limbs.rect(place[0] - dpr, place[1] - dpr, 2 * dpr, 2 * dpr);
    }
  }
  // a dark rim: the colours must show on white walls too
  for (const [path, wide] of [
    [box, width * 0.7],
    [limbs, width],
  ] as const) {
    context.strokeStyle = "rgb(0 0 0 / 0.55)";
    context.lineWidth = wide + rim;
    context.stroke(path);
    context.strokeStyle = color;
    context.lineWidth = wide;
    context.stroke(path);
  }
}
