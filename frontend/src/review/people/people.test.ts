import { describe, expect, it } from "vitest";

import { type PeopleBlock, type PersonLane, unpack } from "../../api/queries/people";
import type { Run } from "../../api/types";
import { packed, personAt, ROW, spanToAsk } from "./lanes";
import { CHUNK, PeopleChunks, placeOf } from "./peopleChunks";
import { colorOf, scaleOfPeople, strangeness } from "./scale";

function block(start: number, stop: number, frames: number[]): PeopleBlock {
  const count = frames.length;
  return {
    start,
    stop,
    joints: 17,
    frames: Int32Array.from(frames),
    tracks: new Int32Array(count),
    scores: new Float32Array(count),
    boxes: new Float32Array(4 * count),
    keypoints: new Float32Array(51 * count),
  };
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

describe("people around the playhead", () => {
  it("gives the people of one frame, and null while they are on their way", async () => {
    const chunks = new PeopleChunks(
      1000,
      ({ start, stop }) => Promise.resolve(block(start, stop, [3, 4, 4, 5])),
      () => undefined,
    );

    chunks.want(4, 0);
    expect(chunks.at(4)).toBeNull();
    await settled();

    expect(chunks.at(4)).toMatchObject({ first: 1, last: 3 });
    expect(chunks.at(6)).toMatchObject({ first: 4, last: 4 });
  });

  it("asks on where a crowded answer ended early", async () => {
    const asked: number[] = [];
    const chunks = new PeopleChunks(
      1000,
      ({ start }) => {
        asked.push(start);
        return Promise.resolve(block(start, start + 50, [start]));
      },
      () => undefined,
    );

    chunks.want(0, 0);
    await settled();

    expect(asked).toEqual([0, 50, 100]);
    expect(chunks.at(100)).toMatchObject({ first: 0, last: 1 });
    expect(CHUNK).toBe(128);
  });

  it("finds the place of a frame", () => {
    expect([0, 2, 3, 9].map((frame) => placeOf(Int32Array.from([2, 2, 3]), frame))).toEqual([0, 0, 2, 3]);
  });

  it("reads the arrays one after another", () => {
    const bytes = new Uint8Array(new Int32Array([5, 6, 1, 2]).buffer);
    const floats = new Uint8Array(new Float32Array(2 + 8 + 6).map((_, n) => n).buffer);
    const data = new Uint8Array([...bytes, ...floats]).buffer;

    const found = unpack(data, { start: 5, stop: 7, count: 2, joints: 1 });

    expect([...found.frames, ...found.tracks]).toEqual([5, 6, 1, 2]);
    expect([found.scores[1], found.boxes[0], found.keypoints[0], found.keypoints[5]]).toEqual([1, 2, 10, 15]);
  });
});

describe("the scale of colours", () => {
  it("is one for all videos of a run", () => {
    const people = (low: number, high: number) => ({ people: { low, high } });
    const run = { videos: [people(2, 5), { people: null }, people(1, 4)] } as unknown as Run;

    expect(scaleOfPeople(run)).toEqual({ low: 1, high: 5 });
    expect(scaleOfPeople({ videos: [] } as unknown as Run)).toBeNull();
  });

  it("ends where it ends", () => {
    expect([0, 3, 9].map((score) => strangeness(score, { low: 1, high: 5 }))).toEqual([0, 0.5, 1]);
    expect(colorOf(0)).not.toBe(colorOf(1));
    expect(colorOf(7)).toBe(colorOf(1));
  });
});

describe("lanes", () => {
  const lane = (track: number, first: number, stop: number): PersonLane => ({
    track,
    first,
    stop,
    peak: 1,
    cells: [[first, 1]],
  });
  const view = { start: 0, stop: 100 };

  it("puts people who do not meet into one row", () => {
    const rows = packed([lane(1, 0, 40), lane(2, 20, 60), lane(3, 50, 90)], view, 200);

    expect(rows.map((row) => row.map((person) => person.track))).toEqual([[1, 3], [2]]);
  });

  it("tells who lies under the pointer", () => {
    const rows = packed([lane(1, 0, 40), lane(2, 20, 60)], view, 100);

    expect(personAt(rows, { x: 30, y: ROW + 1 }, view, 100)?.track).toBe(2);
    expect(personAt(rows, { x: 90, y: 1 }, view, 100)).toBeNull();
  });

  it("asks for the same span while a view moves a little", () => {
    expect(spanToAsk({ start: 130, stop: 190 }, 1000)).toEqual(spanToAsk({ start: 132, stop: 191 }, 1000));
    expect(spanToAsk({ start: 0, stop: 1000 }, 1000)).toEqual({ start: 0, stop: 1000 });
  });
});
