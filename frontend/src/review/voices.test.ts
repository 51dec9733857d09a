import { expect, test } from "vitest";

import type { Verdict } from "../api/types";
import { counting, hear, isDisputed, newestOf, SILENCE, type Voice, voicesNow } from "./voices";

const at = (second: number): string => new Date(second * 1000).toISOString();

function verdict(reviewer: string, decision: Verdict["decision"], second: number): Verdict {
  const said = { subject: "s", reviewer, reviewer_name: reviewer, decision, created_at: at(second) };
  return { ...said, start: 1, stop: 9, settles: false } as Verdict;
}

function voice(reviewer: string, decision: Voice["decision"], second: number, settles = false): Voice {
  return { reviewer, reviewer_id: reviewer, decision, start: 1, stop: 9, settles, created_at: at(second) };
}

test("people disagree until a manager has settled it, and again when somebody contradicts later", () => {
  const two = [voice("ann", "accept", 1), voice("bo", "reject", 2)];
  expect(isDisputed(two, null)).toBe(true);
  expect(isDisputed([...two, voice("mia", "reject", 3, true)], null)).toBe(false);
  expect(isDisputed([...two, voice("mia", "reject", 3, true), voice("cy", "accept", 4)], null)).toBe(true);
});

test("my own decision is a voice too", () => {
  const mine = { decision: "reject", start: 1, stop: 9, settles: false, at: 5000 };
  expect(isDisputed([voice("ann", "accept", 1)], mine)).toBe(true);
  expect(isDisputed([voice("ann", "accept", 1)], { ...mine, settles: true })).toBe(false);
  expect(isDisputed([], mine)).toBe(false);
});

test("among the others a manager's last word counts, else the newest firm one, else the newest", () => {
  const list = [voice("ann", "accept", 1), voice("bo", "unsure", 3)];
  expect(counting(list)?.reviewer).toBe("ann");
  expect(counting([...list, voice("cy", "reject", 2)])?.reviewer).toBe("cy");
  expect(counting([...list, voice("cy", "reject", 4), voice("mia", "accept", 2, true)])?.reviewer).toBe(
    "mia",
  );
  expect(counting([voice("bo", "unsure", 3)])?.reviewer).toBe("bo");
  expect(counting([])).toBeNull();
});

test("hearing nothing new changes nothing", () => {
  const once = hear(SILENCE, [verdict("ann", "accept", 5)]);
  expect(hear(once, [verdict("ann", "accept", 5), verdict("ann", "reject", 4)])).toBe(once);
});

test("what was heard since a list was fetched is shown over it; what was taken back is gone", () => {
  const listed = [voice("ann", "accept", 1), voice("bo", "reject", 2)];
  const heard = hear(SILENCE, [
    verdict("ann", "withdrawn", 5),
    verdict("cy", "unsure", 6),
    verdict("me", "accept", 7),
  ]);
  const now = voicesNow(listed, heard.get("s"), "me");
  expect(now.map((one) => `${one.reviewer} ${one.decision}`)).toEqual(["bo reject", "cy unsure"]);
  expect(voicesNow(listed, undefined, "me")).toBe(listed);
});

test("a list that is newer than what was heard wins", () => {
  const [old, fresh] = [verdict("me", "accept", 1), verdict("me", "reject", 2)];
  expect(newestOf(old, fresh)).toBe(fresh);
  expect(newestOf(fresh, old)).toBe(fresh);
  expect(newestOf(fresh, undefined)).toBe(fresh);
});
