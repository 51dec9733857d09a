import { Button, NumberInput } from "@mantine/core";
import { useState } from "react";

import type { LabelHistory } from "../../api/types";
import { formatCount } from "../../lib/format";
import { sameSpan, type Span } from "../../lib/frames";
import { useReviewSession } from "../session";
import type { Voice } from "./next";
import tab from "../tab.module.css";
import classes from "./labels.module.css";

const WORDS = { accept: "abnormal", reject: "normal", unsure: "unsure", withdrawn: "" } as const;

/** Confirm or correct the window, or a longer span around it: a verdict like any other, kept and undoable. */
export function Correction({ history }: { history: LabelHistory }) {
  const { timebase } = useReviewSession();
  const window: Span = {
    start: Math.max(0, history.start),
    stop: Math.min(timebase.total, Math.max(history.stop, 1)),
  };
  // another window, another span: the fields begin anew
  return <Fields key={`${window.start}/${window.stop}`} window={window} people={history.people} />;
}

function Fields({ window, people }: { window: Span; people: readonly Voice[] }) {
  const { acts, mayDecide, timebase, items } = useReviewSession();
  const [span, setSpan] = useState(window);
  const [wide, setWide] = useState(false);
  const mine = people.find((one) => one.mine && one.drawn && sameSpan(one, span));
  const said = mine && items.find((item) => item.subject === mine.subject)?.judgement;
  const give = (decision: "accept" | "reject"): void => acts.judge(span, decision, mine?.subject ?? null);
  const edge = (name: keyof Span, value: string | number): void => {
    const frame = Math.round(Number(value));
    if (!Number.isFinite(frame)) return;
    setSpan((old) =>
      name === "start"
        ? { ...old, start: Math.min(Math.max(0, frame), old.stop - 1) }
        : { ...old, stop: Math.max(Math.min(timebase.total, frame + 1), old.start + 1) },
    );
  };
  return (
    <>
      {people.length > 0 && (
        <ul className={classes.voices}>
          {people.map((one) => (
            <li key={one.subject + one.reviewer_name}>
              {one.mine ? "You" : one.reviewer_name}: <b>{WORDS[one.decision]}</b>, frames{" "}
              {formatCount(one.start)} to {formatCount(one.stop - 1)}
              {one.mine && <Open subject={one.subject} />}
            </li>
          ))}
        </ul>
      )}
      {mayDecide ? (
        <>
          <div className={classes.row}>
            <Button
              size="compact-sm"
              variant={said?.decision === "reject" ? "filled" : "default"}
              aria-pressed={said?.decision === "reject"}
              onClick={() => give("reject")}
            >
              It is normal
            </Button>
            <Button
              size="compact-sm"
              variant={said?.decision === "accept" ? "filled" : "default"}
              aria-pressed={said?.decision === "accept"}
              onClick={() => give("accept")}
            >
              It is abnormal
            </Button>
            <Button size="compact-sm" variant="subtle" aria-expanded={wide} onClick={() => setWide(!wide)}>
              {wide ? "This window" : "A longer span…"}
            </Button>
          </div>
          {wide && (
            <div className={classes.fields}>
              <NumberInput
                size="xs"
                label="First frame"
                min={0}
                max={timebase.total - 1}
                value={span.start}
                onChange={(value) => edge("start", value)}
              />
              <NumberInput
                size="xs"
                label="Last frame"
                min={0}
                max={timebase.total - 1}
                value={span.stop - 1}
                onChange={(value) => edge("stop", value)}
              />
            </div>
          )}
        </>
      ) : (
        <p className={tab.note}>Viewers cannot decide. A manager can make you a reviewer.</p>
      )}
    </>
  );
}

/** Leads to the verdict itself, where it can be changed or taken back. */
function Open({ subject }: { subject: string }) {
  const { items, acts } = useReviewSession();
  const item = items.find((one) => one.subject === subject);
  if (!item) return null;
  return (
    <Button size="compact-xs" variant="subtle" onClick={() => acts.select(item)}>
      Select it
    </Button>
  );
}
