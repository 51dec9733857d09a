import { frameAtCurrentTime, mediaTime, type Rate } from "../../lib/frames";

type Callback = (now: number, about: { mediaTime: number }) => void;

/**
 * What a <video> is to the player, without a picture: it keeps time, so that the desk works for who sees poses alone.
 * It has the part of HTMLVideoElement that `Player` uses, and the same events.
 */
export class SilentFilm extends EventTarget {
  readonly readyState = 4; // HAVE_ENOUGH_DATA
  readonly duration: number;
  readonly buffered: { length: number; start: () => number; end: () => number };
  paused = true;
  seeking = false;
  playbackRate = 1;
  private time = 0;
  private painted = -1;
  private ticked = 0;
  private tick = 0;
  private lastId = 0;
  private callbacks = new Map<number, Callback>();

  constructor(
    total: number,
    private readonly rate: Rate,
  ) {
    super();
    this.duration = mediaTime(Math.max(total, 1), rate);
    this.buffered = { length: 1, start: () => 0, end: () => this.duration };
  }

  get currentTime(): number {
    return this.time;
  }

  set currentTime(seconds: number) {
    this.time = Math.min(Math.max(seconds, 0), this.duration);
    this.seeking = true;
    this.emit("seeking");
    requestAnimationFrame(() => {
      this.seeking = false;
      this.painted = -1;
      this.paint();
      this.emit("seeked");
    });
  }

  play(): Promise<void> {
    if (this.paused) {
      this.paused = false;
      this.ticked = performance.now();
      this.tick = requestAnimationFrame(this.advance);
      this.emit("play");
      this.emit("playing");
    }
    return Promise.resolve();
  }

  pause(): void {
    if (this.paused) return;
    this.paused = true;
    cancelAnimationFrame(this.tick);
    this.emit("pause");
  }

  requestVideoFrameCallback(callback: Callback): number {
    this.lastId += 1;
    this.callbacks.set(this.lastId, callback);
    return this.lastId;
  }

  cancelVideoFrameCallback(id: number): void {
    this.callbacks.delete(id);
  }

  private readonly advance = (now: number): void => {
    if (this.paused) return;
    if (!this.seeking) this.time += (Math.max(0, now - this.ticked) / 1000) * this.playbackRate;
    this.ticked = now;
    if (this.time >= this.duration) {
      this.time = this.duration;
      this.pause();
      this.emit("ended");
      return;
    }
    if (!this.seeking) this.paint();
    this.tick = requestAnimationFrame(this.advance);
  };

  /** Tell whoever waits for a picture which frame is there now. */
  private paint(): void {
    const frame = frameAtCurrentTime(this.time, this.rate);
    if (frame === this.painted) return;
    this.painted = frame;
    const waiting = [...this.callbacks.values()];
    this.callbacks.clear();
    for (const callback of waiting) callback(performance.now(), { mediaTime: mediaTime(frame, this.rate) });
  }

  private emit(name: string): void {
    this.dispatchEvent(new Event(name));
  }
}
