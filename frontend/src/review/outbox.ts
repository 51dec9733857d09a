import { ApiError } from "../api/client";
import type { Uuid, Verdict, VerdictRequest } from "../api/types";
import { createStore, type Store } from "../lib/store";

/**
 * Decisions on their way to the server. Each is written to the browser's storage before it is sent and taken out
 * when the server has answered, so neither a lost connection nor a closed tab loses one. Sending one twice is
 * harmless: its client_key makes it one verdict.
 */
export type OutboxState = {
  waiting: readonly VerdictRequest[];
  trouble: "unreachable" | "signed out" | null;
};

type Storage = Pick<globalThis.Storage, "getItem" | "setItem" | "removeItem">;

export type OutboxOptions = {
  name: string;
  send: (request: VerdictRequest) => Promise<Verdict>;
  storage: Storage | null;
  /** How long to wait after the nth failure in a row. */
  pause_ms?: (failures: number) => number;
};

export type OutboxEvents = {
  saved: (request: VerdictRequest, verdict: Verdict) => void;
  /** The server will not take it, however often it is sent; `dropped` goes with it. */
  refused: (request: VerdictRequest, error: ApiError, dropped: readonly VerdictRequest[]) => void;
};

export function subjectOf(request: VerdictRequest): Uuid {
  return "segment" in request ? request.segment : request.subject;
}

const doubling = (failures: number): number => Math.min(30_000, 500 * 2 ** failures);

export class Outbox {
  readonly store: Store<OutboxState>;
  private readonly listeners = new Set<OutboxEvents>();
  private sending = false;
  private failures = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly options: OutboxOptions) {
    this.store = createStore<OutboxState>({ waiting: this.stored(), trouble: null });
  }

  /** Be told of every answer, whoever sent the decision. Returns how to stop. */
  listen(events: OutboxEvents): () => void {
    this.listeners.add(events);
    return () => this.listeners.delete(events);
  }

  add(request: VerdictRequest): void {
    this.write([...this.stored(), request]);
    this.store.set((old) => ({ ...old, waiting: [...old.waiting, request] }));
    // while the server is silent, wait for the next try: hammering it helps nobody
    if (this.failures === 0) void this.flush();
  }

  /** Send what waits, in order. Also after signing in again and when the network returns. */
  async flush(): Promise<void> {
    if (this.sending) return;
    clearTimeout(this.timer);
    this.sending = true;
    try {
      for (let next = this.first(); next; next = this.first()) {
        if (!(await this.deliver(next))) return;
      }
    } finally {
      this.sending = false;
    }
  }

  private first(): VerdictRequest | undefined {
    return this.store.get().waiting[0];
  }

  /** False when there is no point in going on now. */
  private async deliver(request: VerdictRequest): Promise<boolean> {
    try {
      const verdict = await this.options.send(request);
      this.failures = 0;
      this.remove([request]);
      for (const { saved } of this.listeners) saved(request, verdict);
      return true;
    } catch (error) {
      // anything else than an answer of the server (a proxy's page, say) is as good as none
      const fate = error instanceof ApiError ? fateOf(error) : "unreachable";
      if (error instanceof ApiError && fate === "refused") {
        // taking back what was never taken would be refused too, with a sentence nobody understands
        const dropped = this.store
          .get()
          .waiting.filter((one) => one.decision === "withdrawn" && subjectOf(one) === subjectOf(request));
        this.remove([request, ...dropped]);
        for (const { refused } of this.listeners) refused(request, error, dropped);
        return true;
      }
      const pause = (this.options.pause_ms ?? doubling)(this.failures);
      this.failures += 1;
      this.store.set((old) => ({ ...old, trouble: fate === "signed out" ? fate : "unreachable" }));
      this.timer = setTimeout(() => void this.flush(), pause);
      return false;
    }
  }

  private remove(gone: readonly VerdictRequest[]): void {
    const keys = new Set(gone.map((one) => one.client_key));
    const stays = (one: VerdictRequest): boolean => !keys.has(one.client_key);
    this.write(this.stored().filter(stays));
    this.store.set((old) => ({ waiting: old.waiting.filter(stays), trouble: null }));
  }

  private stored(): VerdictRequest[] {
    try {
      const parsed: unknown = JSON.parse(this.options.storage?.getItem(this.options.name) ?? "[]");
      return Array.isArray(parsed) ? parsed.filter(isRequest) : [];
    } catch {
      return []; // storage is forbidden or was tampered with: nothing of ours is in it
    }
  }

  private write(requests: readonly VerdictRequest[]): void {
    try {
      if (requests.length === 0) this.options.storage?.removeItem(this.options.name);
      else this.options.storage?.setItem(this.options.name, JSON.stringify(requests));
    } catch {
      // storage is full or forbidden: they are still kept in memory and sent
    }
  }
}

function isRequest(value: unknown): value is VerdictRequest {
  if (typeof value !== "object" || value === null) return false;
  const { client_key, decision, segment, subject } = value as Record<string, unknown>;
  return (
    [client_key, decision].every((one) => typeof one === "string") && typeof (segment ?? subject) === "string"
  );
}

function fateOf(error: ApiError): "unreachable" | "signed out" | "refused" {
  if (error.status === 401 || error.code === "not_authenticated" || error.code === "csrf")
    return "signed out";
  const temporary = error.status === 0 || error.status >= 500 || [408, 423, 425, 429].includes(error.status);
  return temporary ? "unreachable" : "refused";
}
