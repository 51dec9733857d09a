import { expect, test, vi } from "vitest";

import { LatestOnly } from "./latest";

function held() {
  const answers: (() => void)[] = [];
  const ask = vi.fn((wish: number) => new Promise<number>((resolve) => answers.push(() => resolve(wish))));
  return { ask, answer: () => answers.shift()?.() };
}

test("while one request is under way, only the newest of the wishes is asked next", async () => {
  const { ask, answer } = held();
  const seen: number[] = [];
  const latest = new LatestOnly(
    ask,
    (value: number) => seen.push(value),
    () => {},
  );
  for (const wish of [1, 2, 3, 4]) latest.want(wish);
  expect(ask).toHaveBeenCalledTimes(1);
  answer();
  await vi.waitFor(() => expect(ask).toHaveBeenCalledTimes(2));
  answer();
  await vi.waitFor(() => expect(seen).toEqual([1, 4]));
});

test("what was cancelled is not delivered, and the next wish is", async () => {
  const { ask, answer } = held();
  const seen: number[] = [];
  const latest = new LatestOnly(
    ask,
    (value: number) => seen.push(value),
    () => {},
  );
  latest.want(1);
  latest.cancel();
  latest.want(2);
  answer();
  await vi.waitFor(() => expect(ask).toHaveBeenCalledTimes(2));
  answer();
  await vi.waitFor(() => expect(seen).toEqual([2]));
});

test("an error does not stop the ones after it", async () => {
  const seen: number[] = [];
  const onError = vi.fn();
  const ask = vi.fn((wish: number) => (wish === 1 ? Promise.reject(new Error("no")) : Promise.resolve(wish)));
  const latest = new LatestOnly(ask, (value: number) => seen.push(value), onError);
  latest.want(1);
  latest.want(2);
  await vi.waitFor(() => expect(seen).toEqual([2]));
  expect(onError).toHaveBeenCalledTimes(1);
});
