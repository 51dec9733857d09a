import { uuid } from "../lib/uuid";
import type { Picked } from "./files";
import { SpeedMeter } from "./speed";
import type { Transfer, Transport } from "./transport";
import { same, type WaitingFile, type WaitingStore } from "./waitingStore";

export type UploadStatus = "waiting" | "sending" | "paused" | "done" | "failed";

/** One file on its way. A new object whenever something about it changes. */
export type UploadItem = {
  readonly id: string;
  readonly project: string;
  readonly path: string;
  readonly size: number;
  readonly status: UploadStatus;
  readonly sent: number;
  /** bytes a second, null until there is something to go by */
  readonly speed: number | null;
  /** why it failed, or why it waits */
  readonly note: string;
  readonly url: string | null;
  readonly video: string | null;
};

type Entry = { item: UploadItem; file: File; transfer: Transfer | null; meter: SpeedMeter };

function waitingFile(project: string, path: string, file: File): WaitingFile {
  return { project, path, size: file.size, lastModified: file.lastModified };
}

const AT_ONCE = 2;
const REPORT_MS = 250;

/**
 * Files on their way to the server, a few at a time, in the order they were chosen. It outlives every page.
 *
 * React reads it through `subscribe` and `snapshot`; a snapshot changes at most four times a second while bytes flow.
 */
export class UploadQueue {
  readonly #transport: Transport;
  readonly #waiting: WaitingStore | null;
  readonly #entries = new Map<string, Entry>();
  readonly #listeners = new Set<() => void>();
  #snapshot: readonly UploadItem[] = [];
  #timer: ReturnType<typeof setTimeout> | null = null;
  readonly #arrivalListeners = new Set<(item: UploadItem) => void>();

  /** `waiting`: where the names of files are kept that have not arrived, for after a reload. */
  constructor(transport: Transport, waiting: WaitingStore | null = null) {
    this.#transport = transport;
    this.#waiting = waiting;
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Be told, once for each, of files that arrived whole. */
  onArrival(listener: (item: UploadItem) => void): () => void {
    this.#arrivalListeners.add(listener);
    return () => this.#arrivalListeners.delete(listener);
  }

  snapshot = (): readonly UploadItem[] => this.#snapshot;

  /** Take files into the queue; returns how many were in it already and are not taken twice. */
  add(project: string, files: readonly Picked[]): { repeated: number } {
    let repeated = 0;
    this.#waiting?.add(files.map(({ file, path }) => waitingFile(project, path, file)));
    for (const { file, path } of files) {
      if (this.#holds(project, file)) {
        repeated += 1;
        continue;
      }
      const item: UploadItem = {
        id: uuid(),
        project,
        path,
        size: file.size,
        status: "waiting",
        sent: 0,
        speed: null,
        note: "",
        url: null,
        video: null,
      };
      this.#entries.set(item.id, { item, file, transfer: null, meter: new SpeedMeter() });
    }
    this.#advance();
    return { repeated };
  }

  async pause(id: string): Promise<void> {
    const entry = this.#entries.get(id);
    if (!entry || (entry.item.status !== "sending" && entry.item.status !== "waiting")) return;
    this.#change(entry, { status: "paused", speed: null, note: "" });
    await entry.transfer?.pause();
    this.#advance();
  }

  /** Go on with a paused file, or try a failed one again. */
  resume(id: string): void {
    const entry = this.#entries.get(id);
    if (!entry || (entry.item.status !== "paused" && entry.item.status !== "failed")) return;
    // a transfer that failed is at its end: the next one asks the server how far this file came
    if (entry.item.status === "failed") entry.transfer = null;
    this.#change(entry, { status: "waiting", note: "" });
    this.#advance();
  }

  /** Stop, and let the server forget what arrived. */
  async cancel(id: string): Promise<void> {
    const entry = this.#entries.get(id);
    if (!entry || entry.item.status === "done") return;
    this.#entries.delete(id);
    this.#forget(entry);
    this.#advance();
    await entry.transfer?.cancel();
  }

  pauseAll(project: string): void {
    for (const { item } of this.#entries.values()) if (item.project === project) void this.pause(item.id);
  }

  resumeAll(project: string): void {
    for (const { item } of [...this.#entries.values()]) {
      if (item.project === project && item.status === "paused") this.resume(item.id);
    }
  }

  /** Take what has arrived, and what failed, off the list. */
  clear(project: string): void {
    for (const [id, { item }] of this.#entries) {
      if (item.project === project && (item.status === "done" || item.status === "failed"))
        this.#entries.delete(id);
    }
    this.#publish();
  }

  /** Stop everything without telling the server to forget: the same files may go on later. */
  stop(): void {
    for (const entry of this.#entries.values()) void entry.transfer?.pause();
    this.#entries.clear();
    this.#publish();
  }

  /** Files that were chosen before the page was loaded anew, and are neither here nor there. */
  left(project: string): WaitingFile[] {
    const here = Array.from(this.#entries.values(), ({ item, file }) =>
      waitingFile(item.project, item.path, file),
    );
    const kept = this.#waiting?.list(project) ?? [];
    return kept.filter((one) => !here.some((file) => same(file, one)));
  }

  /** Do not ask for these files any more. */
  dismiss(project: string): void {
    const gone = this.left(project);
    this.#waiting?.remove((one) => gone.some((file) => same(file, one)));
    this.#publish();
  }

  #forget({ item, file }: Entry): void {
    const gone = waitingFile(item.project, item.path, file);
    this.#waiting?.remove((one) => same(one, gone));
  }

  #holds(project: string, file: File): boolean {
    for (const { item, file: held } of this.#entries.values()) {
      const same =
        held.name === file.name && held.size === file.size && held.lastModified === file.lastModified;
      if (same && item.project === project && item.status !== "done" && item.status !== "failed") return true;
    }
    return false;
  }

  #advance(): void {
    let free = AT_ONCE;
    for (const { item } of this.#entries.values()) if (item.status === "sending") free -= 1;
    for (const entry of this.#entries.values()) {
      if (free <= 0) break;
      if (entry.item.status !== "waiting") continue;
      free -= 1;
      this.#start(entry);
    }
    this.#publish();
  }

  #start(entry: Entry): void {
    entry.meter.reset();
    this.#change(entry, { status: "sending", speed: null });
    entry.transfer ??= this.#transport(
      { file: entry.file, path: entry.item.path, project: entry.item.project },
      {
        opened: (url) => this.#change(entry, { url }),
        progress: (sent) => this.#progress(entry, sent),
        waiting: (note) => this.#change(entry, { note, speed: null }),
        done: (video) => {
          this.#change(entry, { status: "done", sent: entry.item.size, speed: null, note: "", video });
          this.#forget(entry);
          for (const listener of this.#arrivalListeners) listener(entry.item);
          this.#advance();
        },
        failed: (note) => {
          this.#change(entry, { status: "failed", speed: null, note });
          this.#forget(entry);
          this.#advance();
        },
      },
    );
    entry.transfer.start();
  }

  #progress(entry: Entry, sent: number): void {
    if (entry.item.status !== "sending") return;
    entry.meter.add(sent, performance.now());
    entry.item = { ...entry.item, sent, speed: entry.meter.speed(), note: "" };
    this.#timer ??= setTimeout(() => this.#publish(), REPORT_MS);
  }

  #change(entry: Entry, change: Partial<UploadItem>): void {
    entry.item = { ...entry.item, ...change };
    this.#publish();
  }

  #publish(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#snapshot = Array.from(this.#entries.values(), ({ item }) => item);
    for (const listener of this.#listeners) listener();
  }
}

export type UploadTotals = {
  files: number;
  finished: number;
  bytes: number;
  sent: number;
  speed: number;
  /** seconds until the files that are not paused have arrived; null when unknown */
  left_s: number | null;
  sending: boolean;
};

/** Sum over what is not failed. */
export function totals(items: readonly UploadItem[]): UploadTotals {
  const counted = items.filter((item) => item.status !== "failed");
  const bytes = counted.reduce((sum, item) => sum + item.size, 0);
  const sent = counted.reduce((sum, item) => sum + item.sent, 0);
  const speed = counted.reduce((sum, item) => sum + (item.speed ?? 0), 0);
  const moving = counted.filter((item) => item.status === "sending" || item.status === "waiting");
  const rest = moving.reduce((sum, item) => sum + item.size - item.sent, 0);
  return {
    files: counted.length,
    finished: counted.filter((item) => item.status === "done").length,
    bytes,
    sent,
    speed,
    left_s: speed > 0 && rest > 0 ? rest / speed : null,
    sending: moving.length > 0,
  };
}
