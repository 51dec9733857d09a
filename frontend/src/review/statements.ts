import type { Decision, Uuid } from "../api/types";
import type { Span } from "../lib/frames";
import { uuid } from "../lib/uuid";
import type { Effects } from "./acts";
import { type Said, verdictRequest } from "./decisions";
import type { Item } from "./items";
import { say, type Tools } from "./tools";

export type Given = Exclude<Decision, "withdrawn">;

export const DONE: Record<Given, string> = {
  accept: "Accepted",
  reject: "Rejected",
  unsure: "Marked as unsure",
};

type Verbs = { mayGive: () => boolean; give: (item: Item, said: Said, what: string) => void };

/** What is said without opening an item. */
export function createStatements(tools: Tools, { moment, submit }: Effects, { mayGive, give }: Verbs) {
  /** Say of a span what it is, as a verdict of its own; `subject` when I said something about this very span. */
  function judge(span: Span, decision: "accept" | "reject", known: Uuid | null = null): void {
    if (!mayGive()) return;
    const { video, items } = moment();
    const what = decision === "accept" ? "Said to be abnormal" : "Said to be normal";
    const item = items.find((one) => one.subject === known);
    const said: Said = { decision, ...span, labels: [], reason: "", comment: item?.judgement?.comment ?? "" };
    if (item) give(item, said, what);
    else {
      const [target, key] = [{ subject: uuid(), video, drawn: true }, uuid()];
      tools.undo.set((steps) =>
        [...steps, { target, item: null, before: null, span, what, key }].slice(-200),
      );
      submit(verdictRequest(target, said, key), { item: null, from: false, to: true });
    }
    say(tools, `${what}. Z takes it back.`);
  }

  return { judge };
}
