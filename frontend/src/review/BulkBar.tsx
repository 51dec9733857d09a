import { Button } from "@mantine/core";
import { Check, CircleHelp, X } from "lucide-react";

import { plural } from "../lib/format";
import { useStore } from "../lib/store";
import { confirm } from "../ui/confirm";
import { NONE_MARKED } from "./marked";
import classes from "./queue.module.css";
import { useReviewSession } from "./session";
import { type Bulk, useBulk } from "./useBulk";

const VERBS: Record<Bulk, string> = { accept: "Accept", reject: "Reject", unsure: "Mark as unsure:" };

/** One decision about all that is marked; it says how many of them were never opened. */
export function BulkBar() {
  const { tools, mayDecide } = useReviewSession();
  const marked = useStore(tools.marked, (value) => value);
  const decide = useBulk();
  if (marked.size === 0 || !mayDecide) return null;
  const never = tools.opened.countNever(marked);
  const seen = never === 0 ? "all were opened" : `${never} never opened`;
  const ask = (decision: Bulk): void => {
    const items = plural(marked.size, "item");
    if (never === 0) return void decide(decision);
    confirm({
      title: `${VERBS[decision]} ${items}?`,
      body: (
        <>
          You have never opened <b>{never}</b> of these {items}. What is decided unseen counts like any other
          verdict: it goes into datasets and teaches the next run. Z takes all of it back.
        </>
      ),
      action: `${VERBS[decision]} ${items} anyway`.replace(":", ""),
      run: () => decide(decision),
    });
  };
  return (
    <div className={classes.bulk} role="group" aria-label="Marked items">
      <span>
        <b>{marked.size} marked</b>, {seen}
      </span>
      <span className={classes.bulkActs}>
        <Button
          size="compact-xs"
          variant="default"
          leftSection={<Check size={13} />}
          onClick={() => ask("accept")}
        >
          Accept
        </Button>
        <Button
          size="compact-xs"
          variant="default"
          leftSection={<X size={13} />}
          onClick={() => ask("reject")}
        >
          Reject
        </Button>
        <Button
          size="compact-xs"
          variant="default"
          leftSection={<CircleHelp size={13} />}
          onClick={() => ask("unsure")}
        >
          Unsure
        </Button>
        <Button size="compact-xs" variant="subtle" color="gray" onClick={() => tools.marked.set(NONE_MARKED)}>
          Clear
        </Button>
      </span>
    </div>
  );
}
