import { useCallback } from "react";

import { sendVerdicts } from "../api/queries/verdicts";
import type { Uuid } from "../api/types";
import { plural } from "../lib/format";
import { uuid } from "../lib/uuid";
import { NONE_MARKED } from "./marked";
import { useReviewSession } from "./session";
import { say } from "./tools";

export type Bulk = "accept" | "reject" | "unsure";

const DONE: Record<Bulk, string> = { accept: "Accepted", reject: "Rejected", unsure: "Marked as unsure" };

/** Decide all that is marked with one request; undo takes all of it back with one. */
export function useBulk(): (decision: Bulk) => Promise<void> {
  const { tools, listen } = useReviewSession();
  return useCallback(
    async (decision) => {
      const segments: Uuid[] = [...tools.marked.get()];
      const { verdicts, gone } = await sendVerdicts({ client_key: uuid(), segments, decision });
      listen(verdicts);
      tools.marked.set(NONE_MARKED);
      const what = `${DONE[decision]} ${plural(verdicts.length, "item")}`;
      const takeBack = async (): Promise<void> => {
        const said = verdicts.map((verdict) => verdict.subject);
        const undone = await sendVerdicts({ client_key: uuid(), segments: said, decision: "withdrawn" });
        listen(undone.verdicts);
      };
      tools.undo.set((steps) => [...steps, { what, takeBack }].slice(-200));
      say(
        tools,
        gone.length > 0 ? `${what}; ${gone.length} are not proposed any more` : `${what}. Z takes it back.`,
      );
    },
    [tools, listen],
  );
}
