import type { Moment } from "./acts";
import { NONE_MARKED, toggleMark } from "./marked";
import { say, type Tools } from "./tools";

/** The verbs that mark items for one decision about many. */
export function createMarking(tools: Tools, moment: () => Moment) {
  /** Mark the selected item for a decision about many, or take the mark off. */
  function markSelected(): void {
    const { selected } = moment();
    if (!selected?.proposed || !selected.listed)
      return say(tools, "Only items of the queue can be marked: J takes the next one", "warning");
    tools.marked.set((marked) => toggleMark(marked, selected.subject));
    say(tools, `${tools.marked.get().size} marked`);
  }

  /** Mark all that the queue shows; once more takes the marks off. */
  function markAll(): void {
    const { queue } = moment();
    const all = queue.every((item) => tools.marked.get().has(item.subject));
    tools.marked.set(all ? NONE_MARKED : new Set(queue.map((item) => item.subject)));
    say(tools, `${tools.marked.get().size} marked`);
  }

  return { markSelected, markAll };
}
