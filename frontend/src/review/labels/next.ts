import type { LabelHistory } from "../../api/types";

export type Voice = LabelHistory["people"][number];

/** What people's words about a window come to. */
export type Standing = "nothing" | "unsure" | "normal" | "abnormal" | "disputed";

export function standingOf(people: readonly Voice[]): Standing {
  const accepted = people.some((one) => one.decision === "accept");
  const rejected = people.some((one) => one.decision === "reject");
  if (accepted && rejected) return "disputed";
  if (accepted) return "abnormal";
  if (rejected) return "normal";
  return people.length > 0 ? "unsure" : "nothing";
}

/** What the next run that learns from the verdicts does with the window, in a sentence. */
export function nextRun(standing: Standing): string {
  switch (standing) {
    case "abnormal":
      return "A next run that learns from your verdicts fixes this window as abnormal, with weight 1, and leaves it out of what it learns as usual. No round can change that.";
    case "normal":
      return "A next run that learns from your verdicts fixes this window as normal, with weight 1, and always learns from it. No round can change that.";
    case "disputed":
      return "Verdicts contradict each other here. The next run keeps both, counts the window as disputed, and gives it little weight, until they agree.";
    case "unsure":
      return "“Unsure” fixes nothing: the next run decides this window by itself.";
    case "nothing":
      return "Nobody has said anything about this window: the next run decides it by itself.";
  }
}

/** What this run was told before it began. */
export function before(history: Pick<LabelHistory, "clamped" | "disputed">): string | null {
  if (history.disputed) {
    return "People contradicted each other here before this run: it kept both and gave the window little weight.";
  }
  if (history.clamped === -1) return null;
  const word = history.clamped === 1 ? "abnormal" : "normal";
  return `People had fixed this window as ${word} before this run: weight 1 in every round, whatever the neighbours say.`;
}

export const WORDS = ["normal", "abnormal"] as const;

export function word(label: number | null): string {
  return label === null ? "not in this run" : (WORDS[label] ?? "unknown");
}

/** The server's digit for what people say about a neighbour. */
export const PEOPLE = ["", "unsure", "people: normal", "people: abnormal"] as const;
