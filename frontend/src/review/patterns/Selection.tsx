import { Button } from "@mantine/core";

import { plural } from "../../lib/format";
import { useStore } from "../../lib/store";
import { isOpen, itemOfSegment } from "../items";
import { NONE_MARKED } from "../marked";
import { useReviewSession } from "../session";
import type { Selection as Held } from "../selection";
import tab from "../tab.module.css";
import classes from "./patterns.module.css";

/** What a lasso holds: the queue shows these alone, and they can be decided together there. */
export function Selection() {
  const { tools, run } = useReviewSession();
  const held = useStore(tools.selection, (value) => value);
  if (!held || held.run !== run?.id) return null;
  return <Chosen held={held} />;
}

function Chosen({ held }: { held: Held }) {
  const { tools, opinion, mayDecide } = useReviewSession();
  const items = held.segments.map((segment) => itemOfSegment(segment, opinion));
  const open = items.filter(isOpen);
  const together = (): void => {
    tools.marked.set(new Set(open.map((item) => item.subject)));
    tools.tab.set("queue"); // what is marked is decided there, and it says how many were never opened
  };
  const clear = (): void => {
    tools.selection.set(null);
    tools.marked.set(NONE_MARKED);
  };
  return (
    <div className={classes.selection} role="status">
      <p>
        <b>{plural(held.windows, "window")}</b> selected, in{" "}
        {held.count === 0 ? "no proposed item" : plural(held.count, "proposed item")}
        {held.count > held.segments.length && `; the ${held.segments.length} strangest are listed`}
        {held.count > 0 && `, ${open.length} open`}.
      </p>
      {held.count > 0 && <p className={tab.note}>The queue shows these alone.</p>}
      <div className={classes.row}>
        {mayDecide && open.length > 0 && (
          <Button size="compact-xs" variant="default" onClick={together}>
            Decide the {plural(open.length, "open item")} together
          </Button>
        )}
        <Button size="compact-xs" variant="subtle" onClick={clear}>
          Clear
        </Button>
      </div>
    </div>
  );
}
