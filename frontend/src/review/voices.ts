import type { Segment, Uuid, Verdict } from "../api/types";
import type { Span } from "../lib/frames";

/** What another person says about one subject now. */
export type Voice = Segment["others"][number];

/** What one person says; of mine `at` is the moment it was saved, or later than all others while it is not. */
type Said = Span & { decision: string; settles: boolean; at: number };

const FIRM: ReadonlySet<string> = new Set(["accept", "reject"]);

export function voiceOf(verdict: Verdict): Voice {
  const { reviewer_name: reviewer, reviewer: id, decision, start, stop, settles, created_at } = verdict;
  return { reviewer, reviewer_id: id, decision, start, stop, settles, created_at };
}

function saidBy(voice: Voice): Said {
  return { ...voice, at: Date.parse(voice.created_at) };
}

function newestFirst(voices: readonly Voice[], mine: Said | null): Said[] {
  const all = voices.map(saidBy);
  if (mine) all.push(mine);
  return all.toSorted((one, other) => other.at - one.at);
}

/** Some accept what others reject, and no manager has settled it since. The server counts by the same rule. */
export function isDisputed(voices: readonly Voice[], mine: Said | null): boolean {
  if (voices.length === 0) return false;
  const said = new Set<string>();
  for (const one of newestFirst(voices, mine)) {
    said.add(one.decision);
    if (one.settles) break; // what was said before it is settled
  }
  return said.has("accept") && said.has("reject");
}

/** What counts among the others: a manager's last word, else the newest accept or reject, else the newest. */
export function counting(voices: readonly Voice[]): Voice | null {
  const all = voices.toSorted((one, other) => Date.parse(other.created_at) - Date.parse(one.created_at));
  const firm = all.filter((one) => FIRM.has(one.decision));
  return firm.find((one) => one.settles) ?? firm[0] ?? all[0] ?? null;
}

/** Verdicts that came in while the desk was open: the newest of each person about each subject. */
export type Heard = ReadonlyMap<Uuid, ReadonlyMap<Uuid, Verdict>>;

export const SILENCE: Heard = new Map();

/** Take in verdicts; the same object when none of them is news. */
export function hear(heard: Heard, verdicts: readonly Verdict[]): Heard {
  let changed: Map<Uuid, Map<Uuid, Verdict>> | null = null;
  for (const verdict of verdicts) {
    const known = (changed ?? heard).get(verdict.subject)?.get(verdict.reviewer);
    if (known && Date.parse(known.created_at) >= Date.parse(verdict.created_at)) continue;
    changed ??= new Map(heard) as Map<Uuid, Map<Uuid, Verdict>>;
    changed.set(verdict.subject, new Map(changed.get(verdict.subject)).set(verdict.reviewer, verdict));
  }
  return changed ?? heard;
}

/** The newer of what a list said of me and what was heard since. */
export function newestOf(server: Verdict | null, heard: Verdict | undefined): Verdict | null {
  if (!heard || (server && Date.parse(server.created_at) >= Date.parse(heard.created_at))) return server;
  return heard;
}

/** The others' voices with what was heard since; the same list when nothing was. */
export function voicesNow(
  listed: readonly Voice[],
  heard: ReadonlyMap<Uuid, Verdict> | undefined,
  me: Uuid,
): readonly Voice[] {
  if (!heard) return listed;
  let now: Voice[] | null = null;
  for (const [person, verdict] of heard) {
    if (person === me) continue;
    const known = (now ?? listed).find((voice) => voice.reviewer_id === person);
    if (known && Date.parse(known.created_at) >= Date.parse(verdict.created_at)) continue;
    now = (now ?? [...listed]).filter((voice) => voice.reviewer_id !== person);
    if (verdict.decision !== "withdrawn") now.push(voiceOf(verdict));
  }
  return now ?? listed;
}
