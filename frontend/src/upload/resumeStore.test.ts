import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { fingerprint, ResumeStore } from "./resumeStore";

const FILE = { name: "Gate 3, night.mp4", size: 1000, lastModified: 5 };

beforeEach(() => localStorage.clear());
afterEach(() => vi.useRealTimers());

describe("the same file", () => {
  test("is found again, from another folder and after a reload", () => {
    new ResumeStore(localStorage, "ana").remember(FILE, "p", "/api/uploads/1/");
    expect(new ResumeStore(localStorage, "ana").find({ ...FILE }, "p")).toBe("/api/uploads/1/");
  });

  test.each([
    { ...FILE, name: "other.mp4" },
    { ...FILE, size: 1001 },
    { ...FILE, lastModified: 6 },
  ])("is not another one: %j", (other) => {
    const store = new ResumeStore(localStorage, "ana");
    store.remember(FILE, "p", "/api/uploads/1/");
    expect(store.find(other, "p")).toBeNull();
  });

  test("belongs to one project and to one person", () => {
    const store = new ResumeStore(localStorage, "ana");
    store.remember(FILE, "p", "/api/uploads/1/");
    expect(store.find(FILE, "q")).toBeNull();
    expect(new ResumeStore(localStorage, "ben").find(FILE, "p")).toBeNull();
  });
});

test("no file name stays behind in the browser", () => {
  new ResumeStore(localStorage, "ana").remember(FILE, "p", "/api/uploads/1/");
  expect(JSON.stringify({ ...localStorage })).not.toContain("Gate");
});

test("what is forgotten, or a week old, is not found", () => {
  vi.useFakeTimers();
  const store = new ResumeStore(localStorage, "ana");
  store.remember(FILE, "p", "/api/uploads/1/");
  store.remember({ ...FILE, name: "b" }, "p", "/api/uploads/2/");
  store.forget(FILE, "p");
  expect(store.find(FILE, "p")).toBeNull();
  expect(store.find({ ...FILE, name: "b" }, "p")).toBe("/api/uploads/2/");

  vi.advanceTimersByTime(8 * 24 * 3600 * 1000);
  expect(store.find({ ...FILE, name: "b" }, "p")).toBeNull();
});

test("a storage that is broken or full does no harm", () => {
  localStorage.setItem("vadreview.uploads.ana", "{broken");
  const full = {
    getItem: () => null,
    setItem: () => {
      throw new DOMException("full", "QuotaExceededError");
    },
  } as unknown as Storage;
  expect(new ResumeStore(localStorage, "ana").find(FILE, "p")).toBeNull();
  expect(() => new ResumeStore(full, "ana").remember(FILE, "p", "/u/")).not.toThrow();
});

test("fingerprints of many files differ", () => {
  const made = new Set<string>();
  for (let size = 0; size < 2000; size += 1) made.add(fingerprint({ ...FILE, size }, "p"));
  expect(made.size).toBe(2000);
});
