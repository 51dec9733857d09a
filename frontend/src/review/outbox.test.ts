import { beforeEach, describe, expect, test, vi } from "vitest";

import { ApiError } from "../api/client";
import type { Decision, Verdict, VerdictRequest } from "../api/types";
import { Outbox, type OutboxOptions } from "./outbox";

let counter = 0;
function request(segment: string, decision: Decision = "accept"): VerdictRequest {
  counter += 1;
  return { client_key: `key-${counter}`, segment, decision };
}

/** What the server keeps: one row a client_key, whatever happens to its answers. */
function server() {
  const rows = new Map<string, VerdictRequest>();
  const fail: (ApiError | null)[] = [];
  const send = vi.fn(async (asked: VerdictRequest) => {
    const failure = fail.shift();
    if (failure) throw failure;
    rows.set(asked.client_key, asked);
    return { ...asked, id: asked.client_key } as unknown as Verdict;
  });
  return { rows, fail, send };
}

const silence = () => new ApiError(0, "network", "no answer");

function open(options: Partial<OutboxOptions> & Pick<OutboxOptions, "send">): Outbox {
  return new Outbox({ name: "test", storage: localStorage, pause_ms: () => 1, ...options });
}

beforeEach(() => localStorage.clear());

describe("sending", () => {
  test("decisions arrive in the order they were made, one at a time", async () => {
    const { rows, send } = server();
    const outbox = open({ send });
    for (const segment of ["a", "b", "c"]) outbox.add(request(segment));
    await vi.waitFor(() => expect(outbox.store.get().waiting).toHaveLength(0));
    expect([...rows.values()].map((row) => "segment" in row && row.segment)).toEqual(["a", "b", "c"]);
    expect(localStorage.getItem("test")).toBeNull();
  });

  test("while the server is silent a decision waits in storage, then arrives once", async () => {
    const { rows, fail, send } = server();
    fail.push(silence(), silence(), silence());
    const outbox = open({ send });
    const troubles: unknown[] = [];
    outbox.store.subscribe(() => troubles.push(outbox.store.get().trouble));
    outbox.add(request("a"));
    expect(localStorage.getItem("test")).toContain("key-");
    await vi.waitFor(() => expect(rows.size).toBe(1));
    await vi.waitFor(() => expect(outbox.store.get()).toEqual({ waiting: [], trouble: null }));
    expect(troubles).toContain("unreachable");
    expect(localStorage.getItem("test")).toBeNull();
  });

  test("an answer that was lost on its way back leaves one verdict", async () => {
    const { rows, send } = server();
    send.mockImplementationOnce(async (asked) => {
      rows.set(asked.client_key, asked);
      throw silence();
    });
    const outbox = open({ send });
    outbox.add(request("a"));
    await vi.waitFor(() => expect(outbox.store.get().waiting).toHaveLength(0));
    expect(send).toHaveBeenCalledTimes(2);
    expect(rows.size).toBe(1);
  });

  test("an answer that is none, such as a proxy's page, is tried again", async () => {
    const { rows, send } = server();
    send.mockRejectedValueOnce(new SyntaxError("Unexpected token <"));
    open({ send }).add(request("a"));
    await vi.waitFor(() => expect(rows.size).toBe(1));
  });

  test("what a closed tab left behind is sent by the next one", async () => {
    const closed = open({ send: () => new Promise(() => {}) });
    closed.add(request("a"));
    closed.add(request("b"));
    const { rows, send } = server();
    const outbox = open({ send });
    expect(outbox.store.get().waiting).toHaveLength(2);
    await outbox.flush();
    expect(rows.size).toBe(2);
  });

  test("signed out: nothing is dropped, and it goes on after signing in", async () => {
    const { rows, fail, send } = server();
    fail.push(new ApiError(403, "not_authenticated", "Sign in."));
    const outbox = open({ send, pause_ms: () => 100_000 });
    outbox.add(request("a"));
    await vi.waitFor(() => expect(outbox.store.get().trouble).toBe("signed out"));
    expect(outbox.store.get().waiting).toHaveLength(1);
    await outbox.flush();
    expect(rows.size).toBe(1);
  });
});

describe("a refusal", () => {
  test("is reported and does not hold up the others", async () => {
    const { rows, fail, send } = server();
    fail.push(new ApiError(400, "invalid", "The span lies outside the video."));
    const outbox = open({ send });
    const refused = vi.fn();
    outbox.listen({ saved: () => {}, refused });
    const bad = request("a");
    outbox.add(bad);
    outbox.add(request("b"));
    await vi.waitFor(() => expect(rows.size).toBe(1));
    expect(refused).toHaveBeenCalledWith(bad, expect.objectContaining({ status: 400 }), []);
  });

  test("takes the undo of the refused decision with it, and only that", async () => {
    const { rows, fail, send } = server();
    fail.push(new ApiError(403, "not_allowed", "Your role does not allow this."));
    const outbox = open({ send });
    outbox.add(request("a"));
    outbox.add(request("a", "withdrawn"));
    outbox.add(request("b", "withdrawn"));
    await vi.waitFor(() => expect(outbox.store.get().waiting).toHaveLength(0));
    expect([...rows.values()].map((row) => "segment" in row && row.segment)).toEqual(["b"]);
  });
});

describe("storage", () => {
  test("that is forbidden does not stop a decision", async () => {
    const { rows, send } = server();
    const forbidden = () => {
      throw new DOMException("denied", "SecurityError");
    };
    const outbox = open({ send, storage: { getItem: forbidden, setItem: forbidden, removeItem: forbidden } });
    outbox.add(request("a"));
    await vi.waitFor(() => expect(rows.size).toBe(1));
  });

  test("with rubbish in it is an empty one", () => {
    localStorage.setItem("test", '[{"decision": 5}, null, "x"]');
    expect(open({ send: server().send }).store.get().waiting).toEqual([]);
    localStorage.setItem("test", "{broken");
    expect(open({ send: server().send }).store.get().waiting).toEqual([]);
  });
});
