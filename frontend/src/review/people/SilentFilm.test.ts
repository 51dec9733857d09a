import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { createClock } from "../clock";
import { Player } from "../player";
import { SilentFilm } from "./SilentFilm";

const RATE = { num: 10, den: 1 };
const BASE = { total: 50, rate: RATE, proxyRate: RATE, times: null };

function attached(frame = 0) {
  const clock = createClock();
  const player = new Player(clock);
  const film = new SilentFilm(BASE.total, RATE);
  player.attach(film as unknown as HTMLVideoElement, BASE, frame);
  return { clock, player, film };
}

describe("the player without a picture", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["requestAnimationFrame", "cancelAnimationFrame", "performance"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("goes to the frame that is asked for", () => {
    const { clock, player } = attached(7);
    vi.advanceTimersByTime(50);
    expect(clock.get()).toMatchObject({ frame: 7, target: 7, playing: false });

    player.seek(31);
    vi.advanceTimersByTime(50);
    expect(clock.get()).toMatchObject({ frame: 31, target: 31 });
  });

  it("plays in the time of the footage, and at other speeds", () => {
    const { clock, player } = attached();
    vi.advanceTimersByTime(50);

    player.play();
    vi.advanceTimersByTime(1000);
    expect(clock.get().playing).toBe(true);
    expect(Math.abs(clock.get().frame - 10)).toBeLessThanOrEqual(1);

    player.setSpeed(2);
    vi.advanceTimersByTime(1000);
    expect(Math.abs(clock.get().frame - 30)).toBeLessThanOrEqual(1);
  });

  it("stays where it is paused", () => {
    const { clock, player } = attached();
    player.play();
    vi.advanceTimersByTime(500);
    player.pause();
    const { frame } = clock.get();

    vi.advanceTimersByTime(500);

    expect(clock.get()).toMatchObject({ frame, target: frame, playing: false });
  });

  it("stops at the end", () => {
    const { clock, player, film } = attached(45);
    vi.advanceTimersByTime(50);

    player.play();
    vi.advanceTimersByTime(2000);

    expect(film.paused).toBe(true);
    expect(clock.get()).toMatchObject({ frame: 49, playing: false });
  });

  it("steps one frame", () => {
    const { clock, player } = attached(10);
    vi.advanceTimersByTime(50);

    player.step(1);
    vi.advanceTimersByTime(50);

    expect(clock.get().frame).toBe(11);
  });
});
