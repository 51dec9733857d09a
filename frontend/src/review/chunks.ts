const MOST_REQUESTS = 2;
const LEAST_HELD = 2; // the one at the playhead and the next, however large

type Options<T> = {
  fetch: (chunk: number, signal: AbortSignal) => Promise<T>;
  /** what one weighs, and how much may be held */
  weigh: (value: T) => number;
  most: number;
  onArrival: () => void;
};

/** Pieces of something long, around the playhead: fetched one by one, the longest unused dropped first. */
export class Chunks<T> {
  private readonly held = new Map<number, T>(); // in order of use
  private readonly pending = new Map<number, AbortController>();
  private weight = 0;
  private queue: number[] = [];

  constructor(private readonly options: Options<T>) {}

  get(chunk: number): T | null {
    const value = this.held.get(chunk);
    if (value === undefined) return null;
    this.held.delete(chunk);
    this.held.set(chunk, value);
    return value;
  }

  /** Get the chunks [first, last]. Forgets older wishes. */
  want(first: number, last: number): void {
    const wanted: number[] = [];
    for (let n = first; n <= last; n += 1) wanted.push(n);
    for (const [n, controller] of this.pending) {
      if (!wanted.includes(n)) controller.abort();
    }
    this.queue = wanted.filter((n) => !this.held.has(n) && !this.pending.has(n));
    this.next();
  }

  clear(): void {
    this.queue = [];
    for (const controller of this.pending.values()) controller.abort();
    this.pending.clear();
    this.held.clear();
    this.weight = 0;
  }

  private next(): void {
    while (this.pending.size < MOST_REQUESTS) {
      const chunk = this.queue.shift();
      if (chunk === undefined) return;
      void this.load(chunk);
    }
  }

  private async load(chunk: number): Promise<void> {
    const controller = new AbortController();
    this.pending.set(chunk, controller);
    try {
      const value = await this.options.fetch(chunk, controller.signal);
      if (controller.signal.aborted) return;
      this.held.set(chunk, value);
      this.weight += this.options.weigh(value);
      this.evict();
      this.options.onArrival();
    } catch {
      // aborted, or the server was silent: nothing is drawn, and the next frame asks again
    } finally {
      if (this.pending.get(chunk) === controller) this.pending.delete(chunk);
      this.next();
    }
  }

  private evict(): void {
    for (const [chunk, value] of this.held) {
      if (this.weight <= this.options.most || this.held.size <= LEAST_HELD) return;
      this.held.delete(chunk);
      this.weight -= this.options.weigh(value);
    }
  }
}
