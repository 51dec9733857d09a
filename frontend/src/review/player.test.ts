import { describe, expect, test } from "vitest";

import { seekTime, timebaseOf } from "../lib/frames";
import { createClock, patchClock } from "./clock";
import { nextSpeed, Player } from "./player";

const timebase = timebaseOf({ fps_num: 25, fps_den: 1, proxy_fps_num: 25, proxy_fps_den: 1, n_frames: 500 });

type Callback = (now: number, meta: { mediaTime: number }) => void;

/** A <video> that seeks when told to and presents frames when told to. */
function fakeVideo() {
  const video = document.createElement("video");
  let time = 0;
  let callback: Callback | null = null;
  const state = { seeking: false, paused: true };
  const seeks: number[] = [];
  const define = (name: string, descriptor: PropertyDescriptor): void => {
    Object.defineProperty(video, name, { configurable: true, ...descriptor });
  };
  define("readyState", { value: 4 });
  define("seeking", { get: () => state.seeking });
  define("paused", { get: () => state.paused });
  define("currentTime", {
    get: () => time,
    set: (value: number) => {
      time = value;
      state.seeking = true;
      seeks.push(Math.floor(value * 25));
    },
  });
  Object.assign(video, {
    requestVideoFrameCallback: (given: Callback) => {
      callback = given;
      return 1;
    },
    cancelVideoFrameCallback: () => undefined,
    play: () => {
      state.paused = false;
      video.dispatchEvent(new Event("play"));
      return Promise.resolve();
    },
    pause: () => {
      state.paused = true;
      video.dispatchEvent(new Event("pause"));
    },
  });
  return {
    video,
    seeks,
    /** the seek has ended */
    arrive: () => {
      state.seeking = false;
      video.dispatchEvent(new Event("seeked"));
    },
    present: (frame: number) => callback?.(0, { mediaTime: frame / 25 }),
  };
}

function setUp(frame = 0) {
  const clock = createClock();
  const player = new Player(clock);
  const fake = fakeVideo();
  player.attach(fake.video, timebase, frame);
  return { clock, player, ...fake };
}

describe("seeking", () => {
  test("goes to the middle of the frame, and the number changes when the frame is painted", () => {
    const { clock, player, video, arrive, present } = setUp();
    player.seek(120);
    expect(video.currentTime).toBe(seekTime(120, timebase.proxyRate));
    expect(clock.get()).toMatchObject({ frame: 0, target: 120 });
    arrive();
    present(120);
    expect(clock.get()).toMatchObject({ frame: 120, target: 120 });
  });

  test("many wishes while one seek is under way become one more seek, to the last", () => {
    const { player, seeks, arrive } = setUp();
    for (const frame of [10, 20, 30, 40]) player.seek(frame);
    arrive();
    expect(seeks).toEqual([10, 40]);
  });

  test("held step keys lose no step", () => {
    const { clock, player } = setUp(100);
    for (let n = 0; n < 7; n += 1) player.step(1);
    expect(clock.get().target).toBe(107);
  });

  test("a frame from before the seek does not pull the playhead back", () => {
    const { clock, player, present } = setUp();
    player.play();
    player.seek(200);
    present(3);
    expect(clock.get().target).toBe(200);
  });

  test("stays inside the video", () => {
    const { clock, player } = setUp();
    player.seek(9999);
    expect(clock.get().target).toBe(499);
    player.seek(-4);
    expect(clock.get().target).toBe(0);
  });
});

describe("playing", () => {
  test("every presented frame is the clock's frame", () => {
    const { clock, player, arrive, present } = setUp(50);
    arrive();
    player.play();
    present(51);
    present(53);
    expect(clock.get()).toMatchObject({ frame: 53, target: 53, playing: true });
  });

  test("a loop starts again before its end is passed", () => {
    const { clock, player, arrive, present, seeks } = setUp(50);
    arrive();
    player.setLoop({ start: 40, stop: 60 });
    player.play();
    present(59);
    expect(seeks.at(-1)).toBe(40);
    expect(clock.get().target).toBe(40);
  });

  test("play at the end begins again", () => {
    const { player, arrive, seeks } = setUp(499);
    arrive();
    player.play();
    expect(seeks.at(-1)).toBe(0);
  });

  test("pausing stays at the frame that was painted last", () => {
    const { clock, player, arrive, present } = setUp(10);
    arrive();
    player.play();
    present(33);
    player.pause();
    expect(clock.get()).toMatchObject({ frame: 33, target: 33, playing: false });
  });

  test("the frame that was still on its way when playing stopped counts", () => {
    const { clock, player, arrive, present } = setUp(10);
    arrive();
    present(10);
    player.play();
    present(33);
    player.pause();
    present(34);
    expect(clock.get()).toMatchObject({ frame: 34, target: 34 });
  });

  test("a browser that shows another frame than asked for is not believed about the wish", () => {
    const { clock, player, arrive, present } = setUp(10);
    arrive();
    player.seek(80);
    arrive();
    present(79);
    expect(clock.get()).toMatchObject({ frame: 79, target: 80 });
  });

  test("while a person scrubs, late frames do not move the playhead", () => {
    const { clock, player, arrive, present } = setUp(10);
    arrive();
    patchClock(clock, { scrubbing: true });
    player.seek(300);
    arrive();
    player.seek(310);
    present(300);
    expect(clock.get().target).toBe(310);
  });
});

test("speeds go up and down in their steps and stop at the ends", () => {
  expect(nextSpeed(1, 1)).toBe(1.5);
  expect(nextSpeed(1, -1)).toBe(0.75);
  expect(nextSpeed(16, 1)).toBe(16);
  expect(nextSpeed(0.25, -1)).toBe(0.25);
});
