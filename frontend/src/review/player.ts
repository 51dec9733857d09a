import {
  clampFrame,
  frameAtCurrentTime,
  frameAtMediaTime,
  jump,
  seekTime,
  type Span,
  type Timebase,
} from "../lib/frames";
import { type ClockStore, patchClock } from "./clock";

export const SPEEDS = [0.25, 0.5, 0.75, 1, 1.5, 2, 4, 8, 16] as const;

/** The next speed up or down; stays at the ends. */
export function nextSpeed(speed: number, direction: 1 | -1): number {
  const faster = direction > 0;
  const found = faster ? SPEEDS.find((one) => one > speed) : SPEEDS.findLast((one) => one < speed);
  return found ?? (faster ? SPEEDS[SPEEDS.length - 1] : SPEEDS[0]) ?? 1;
}

/** Steers one <video> by frame numbers and tells the clock what it paints. Not a component: see Stage. */
export class Player {
  private video: HTMLVideoElement | null = null;
  private timebase: Timebase | null = null;
  private speed = 1;
  private loop: Span | null = null;
  private wanted: number | null = null; // asked for while another seek was under way
  private sought: number | null = null; // where the seek under way goes
  private callback = 0;
  private startsPlaying = false;

  constructor(private readonly clock: ClockStore) {}

  /** Take over an element whose `src` is the proxy of a video. Returns what lets go of it. */
  attach(video: HTMLVideoElement, timebase: Timebase, frame: number): () => void {
    this.video = video;
    this.timebase = timebase;
    const events = new AbortController();
    const on = (name: keyof HTMLMediaElementEventMap, listener: () => void): void =>
      video.addEventListener(name, listener, { signal: events.signal });
    const target = clampFrame(frame, timebase.total);
    this.clock.set((old) => ({ ...old, frame: target, target, playing: false, waiting: true }));
    video.playbackRate = this.speed;
    this.wanted = target;
    on("loadedmetadata", () => this.applySeek());
    on("seeked", () => {
      this.applySeek();
      if (typeof video.requestVideoFrameCallback !== "function") this.painted(this.currentFrame());
    });
    on("play", () => patchClock(this.clock, { playing: true }));
    on("pause", () => this.onPause());
    on("ended", () => patchClock(this.clock, { playing: false }));
    on("waiting", () => patchClock(this.clock, { waiting: true }));
    on("canplay", () => patchClock(this.clock, { waiting: false }));
    on("playing", () => patchClock(this.clock, { waiting: false }));
    on("ratechange", () => (video.playbackRate = this.speed));
    if (typeof video.requestVideoFrameCallback === "function") this.listen(video);
    else on("timeupdate", () => this.painted(this.currentFrame()));
    if (video.readyState >= HTMLMediaElement.HAVE_METADATA) this.applySeek();
    if (this.startsPlaying) this.play();
    this.startsPlaying = false;
    return () => {
      events.abort();
      video.cancelVideoFrameCallback?.(this.callback);
      if (this.video === video) this.video = null;
      patchClock(this.clock, { playing: false });
    };
  }

  /** The source's own times arrived; the picture stays where it is. */
  setTimebase(timebase: Timebase): void {
    this.timebase = timebase;
  }

  get total(): number {
    return this.timebase?.total ?? 0;
  }

  seek(frame: number): void {
    if (!this.timebase) return;
    const target = clampFrame(frame, this.timebase.total);
    patchClock(this.clock, { target });
    this.wanted = target;
    this.applySeek();
  }

  /** Count from what was asked for, not from what is painted: held keys must not lose steps. */
  step(frames: number): void {
    this.pause();
    this.seek(this.clock.get().target + frames);
  }

  skip(seconds: number): void {
    if (!this.timebase) return;
    const { playing, frame, target } = this.clock.get();
    this.seek(jump(this.timebase, playing ? frame : target, seconds));
  }

  play(): void {
    const { video } = this;
    if (!video) return;
    const { target } = this.clock.get();
    if (target >= this.total - 1) this.seek(0);
    else if (this.loop && (target < this.loop.start || target >= this.loop.stop - 1))
      this.seek(this.loop.start);
    // a refusal (the element went away, playback not allowed) leaves the paused state, which the clock shows
    video.play().catch(() => patchClock(this.clock, { playing: !video.paused }));
  }

  /** Play the next video that is attached, from where it is attached. */
  playNext(): void {
    this.startsPlaying = true;
  }

  pause(): void {
    this.video?.pause();
  }

  toggle(): void {
    if (this.video?.paused === false) this.pause();
    else this.play();
  }

  setSpeed(speed: number): void {
    this.speed = speed;
    if (this.video) this.video.playbackRate = speed;
  }

  /** Play this span over and over; null plays on. */
  setLoop(span: Span | null): void {
    this.loop = span;
  }

  /** The parts of the file the browser has, as fractions of the whole. */
  loaded(): [number, number][] {
    const { video } = this;
    if (!video || !(video.duration > 0)) return [];
    const { buffered, duration } = video;
    return Array.from({ length: buffered.length }, (_, n) => [
      buffered.start(n) / duration,
      buffered.end(n) / duration,
    ]);
  }

  /** Tell when more has been loaded. Returns how to stop. */
  onProgress(listener: () => void): () => void {
    const { video } = this;
    const events = new AbortController();
    for (const name of ["progress", "loadedmetadata", "seeked", "canplaythrough"] as const) {
      video?.addEventListener(name, listener, { signal: events.signal });
    }
    return () => events.abort();
  }

  /** A still or a scrub picture of this frame is on the screen. */
  painted(frame: number): void {
    const { playing, scrubbing } = this.clock.get();
    patchClock(this.clock, {
      frame,
      waiting: false,
      ...(playing && !scrubbing ? { target: frame } : {}),
    });
  }

  private currentFrame(): number {
    if (!this.video || !this.timebase) return 0;
    const frame = frameAtCurrentTime(this.video.currentTime, this.timebase.proxyRate);
    return clampFrame(frame, this.timebase.total);
  }

  private listen(video: HTMLVideoElement): void {
    this.callback = video.requestVideoFrameCallback((_, { mediaTime }) => {
      if (this.video !== video || !this.timebase) return;
      this.listen(video);
      const frame = clampFrame(frameAtMediaTime(mediaTime, this.timebase.proxyRate), this.timebase.total);
      const { target, playing, scrubbing } = this.clock.get();
      if (scrubbing && frame !== target) return;
      if (video.seeking || this.wanted !== null) {
        // a frame from before a pending seek must not pull the playhead back
        if (frame === this.sought) patchClock(this.clock, { frame, waiting: false });
        return;
      }
      const askedFor = this.sought !== null && !playing;
      this.sought = null;
      // paused, and nobody asked for it: the last frame that was still on its way when playing stopped
      patchClock(this.clock, { frame, waiting: false, ...(askedFor || scrubbing ? {} : { target: frame }) });
      if (playing && this.loop && frame >= this.loop.stop - 1) this.seek(this.loop.start);
    });
  }

  private onPause(): void {
    const { frame } = this.clock.get();
    patchClock(this.clock, { playing: false, target: this.wanted ?? frame });
  }

  /** One seek at a time, always to the latest wish: a browser given many queues them all. */
  private applySeek(): void {
    const { video, timebase, wanted } = this;
    if (!video || !timebase || wanted === null) return;
    if (video.seeking || video.readyState < HTMLMediaElement.HAVE_METADATA) return;
    this.wanted = null;
    if (this.currentFrame() === wanted && video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) {
      this.painted(wanted);
      return;
    }
    this.sought = wanted;
    video.currentTime = seekTime(wanted, timebase.proxyRate);
  }
}
