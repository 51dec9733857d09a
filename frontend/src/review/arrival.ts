import type { Uuid } from "../api/types";
import type { Span } from "../lib/frames";
import type { ClockStore } from "./clock";

export const LEAST_MS = 250;
const GIVE_UP_MS = 4000;

/** The item that a decision led to. */
export type Expected = { video: Uuid; span: Span };

/**
 * Nobody decides what they have not seen: after a decision, the next one waits until the picture of the item it led
 * to is on the screen. A key pressed twice, or too early, then decides nothing.
 */
export class Arrival {
  private expected: Expected | null = null;
  private decidedAt = Number.NEGATIVE_INFINITY;
  private stop: () => void = () => undefined;

  constructor(
    private readonly clock: ClockStore,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** A decision was made, and led to this item; `shown` tells which video the desk shows. */
  decided(next: Expected | null, shown: () => Uuid): void {
    this.arrived();
    this.decidedAt = this.now();
    if (!next) return;
    this.expected = next;
    const look = (): void => {
      const { frame, waiting } = this.clock.get();
      const { span } = next;
      if (shown() === next.video && !waiting && frame >= span.start && frame < span.stop) this.arrived();
    };
    this.stop = this.clock.subscribe(look);
    look();
  }

  /** A person went somewhere else by themselves. */
  arrived(): void {
    this.stop();
    this.stop = () => undefined;
    this.expected = null;
  }

  /** Why a decision must wait, or null. A picture that never comes does not hold a person up for ever. */
  whyWait(): string | null {
    const since = this.now() - this.decidedAt;
    if (since < LEAST_MS) return "Not taken: that came too fast after the last decision";
    if (this.expected && since < GIVE_UP_MS)
      return "Not taken: the picture of this item is not on the screen yet";
    return null;
  }
}
