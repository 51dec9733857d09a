const WINDOW_MS = 8000;
const LEAST_MS = 800;

/** Bytes a second over the last eight seconds: steady enough to read, quick enough to notice a stall. */
export class SpeedMeter {
  #samples: { sent: number; at: number }[] = [];

  add(sent: number, at: number): void {
    const last = this.#samples.at(-1);
    // a resumed upload starts where the server says, which may be before what was sent last
    if (last && sent < last.sent) this.#samples = [];
    this.#samples.push({ sent, at });
    this.#samples = this.#samples.filter((sample) => at - sample.at <= WINDOW_MS);
  }

  speed(): number | null {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (!first || !last || last.at - first.at < LEAST_MS) return null;
    return ((last.sent - first.sent) / (last.at - first.at)) * 1000;
  }

  reset(): void {
    this.#samples = [];
  }
}
