import { Button, Kbd, Popover, Textarea, Tooltip } from "@mantine/core";
import { Check, CircleHelp, MessageSquare, Undo2, X } from "lucide-react";
import { type ReactNode, useState } from "react";

import { formatCount } from "../lib/format";
import { formatSeconds, formatShortClock, sameSpan, spanSeconds, timeOf } from "../lib/frames";
import { createStore, useStore } from "../lib/store";
import classes from "./desk.module.css";
import { draftOf, withDraft } from "./drafts";
import { inConflict, type Item, REASONS, spanOf, stateOf } from "./items";
import { OthersMark } from "./OthersMark";
import { useReviewSession } from "./session";
import { StateMark } from "./StateMark";

/** Opened by its button and by the key C. */
export const commentOpen = createStore(false);

/** The decision: what it is about, accept, reject, unsure, labels, comment. */
export function VerdictBar() {
  const { selected, mayDecide, tools } = useReviewSession();
  const reasoning = useStore(tools.reasoning, (on) => on);
  return (
    <footer className={classes.verdicts} aria-label="Decision">
      <About />
      {!mayDecide ? (
        <p className={classes.viewer}>
          You are a viewer here: you see everything and decide nothing. A manager of the project can make you
          a reviewer.
        </p>
      ) : reasoning && selected ? (
        <Reasons />
      ) : (
        <Decisions />
      )}
    </footer>
  );
}

function About() {
  const { selected, tools, timebase, video, mayDecide } = useReviewSession();
  const drafts = useStore(tools.drafts, (value) => value);
  const marks = drafts.marks?.video === video.id ? drafts.marks : null;
  if (!selected) {
    return (
      <div className={`${classes.about} ${classes.aboutNothing}`}>
        {marks ? (
          <span className={classes.unsaved}>
            Missed span: start {marks.start ?? "–"}, end {marks.stop === null ? "–" : marks.stop - 1}
          </span>
        ) : (
          <span className={`${classes.dim} ${classes.wrapped}`}>
            Nothing selected: J takes the next, [ ] mark a missed one
          </span>
        )}
      </div>
    );
  }
  const { span } = withDraft(selected, draftOf(drafts, selected.subject));
  const edited = !sameSpan(span, spanOf(selected));
  return (
    <div className={`${classes.about} ${classes.aboutItem}`} data-testid="about">
      <span className={classes.aboutLine}>
        <span className={classes.aboutSpan}>
          {formatShortClock(timeOf(timebase, span.start), 2)} –{" "}
          {formatShortClock(timeOf(timebase, span.stop), 2)}
        </span>
        {edited ? (
          <span className={classes.unsaved}>edges not saved</span>
        ) : (
          (mayDecide || selected.others.length === 0) && <StateMark state={stateOf(selected)} />
        )}
      </span>
      <span className={classes.aboutLine}>
        {selected.others.length > 0 ? (
          <OthersMark item={selected} names />
        ) : (
          <span className={classes.dim} title="First and last frame">
            frames {formatCount(span.start)}–{formatCount(span.stop - 1)} ·{" "}
            {formatSeconds(spanSeconds(timebase, span))}
          </span>
        )}
      </span>
    </div>
  );
}

function Decisions() {
  const { selected, acts, tools, video, maySettle } = useReviewSession();
  const drafts = useStore(tools.drafts, (value) => value);
  const undo = useStore(tools.undo, (steps) => steps.at(-1)?.what);
  const marked =
    drafts.marks?.video === video.id && drafts.marks.start !== null && drafts.marks.stop !== null;
  const edited = selected !== null && draftOf(drafts, selected.subject).span !== undefined;
  const decision = selected?.judgement?.decision;
  const settles = maySettle && selected !== null && inConflict(selected);
  return (
    <>
      <Labels />
      <div className={classes.decisions}>
        <Decide
          name={
            edited
              ? "Accept edges"
              : marked && !selected
                ? "Save the missed span"
                : settles
                  ? "Settle: accept"
                  : "Accept"
          }
          chord="A"
          tone="accept"
          active={decision === "accept" && !edited}
          disabled={!selected && !marked}
          onClick={() => acts.decide("accept")}
          icon={<Check size={16} />}
        />
        <Decide
          name={settles ? "Settle: reject" : "Reject"}
          chord="R"
          tone="reject"
          active={decision === "reject"}
          disabled={!selected}
          onClick={acts.reject}
          icon={<X size={16} />}
        />
        <Decide
          name="Unsure"
          chord="U"
          tone="unsure"
          active={decision === "unsure"}
          disabled={!selected}
          onClick={() => acts.decide("unsure")}
          icon={<CircleHelp size={16} />}
        />
        <Comment key={selected?.subject ?? ""} selected={selected} />
        <Tooltip label={undo ? `Undo: ${undo.toLowerCase()} (Z)` : "Nothing to undo"}>
          <Button
            variant="subtle"
            color="gray"
            px={9}
            className={classes.quiet ?? ""}
            aria-label="Undo"
            data-disabled={undo ? undefined : true}
            onClick={acts.undo}
          >
            <Undo2 size={16} aria-hidden />
          </Button>
        </Tooltip>
      </div>
    </>
  );
}

type DecideProps = {
  name: string;
  chord: string;
  tone: "accept" | "reject" | "unsure";
  active: boolean;
  disabled: boolean;
  onClick: () => void;
  icon: ReactNode;
};

function Decide({ name, chord, tone, active, disabled, onClick, icon }: DecideProps) {
  return (
    <button
      type="button"
      className={classes.decide}
      data-tone={tone}
      data-active={active || undefined}
      aria-pressed={active}
      disabled={disabled}
      onClick={onClick}
    >
      {icon}
      {name}
      <Kbd size="xs">{chord}</Kbd>
    </button>
  );
}

/** After R: why. One more key, or R again for no reason. */
function Reasons() {
  const { acts, tools } = useReviewSession();
  return (
    <div className={classes.decisions} role="group" aria-label="Reason of the rejection">
      <span className={classes.dim}>Reject because:</span>
      {REASONS.map(({ reason, label }, n) => (
        <button
          key={reason}
          type="button"
          className={classes.decide}
          data-tone="reject"
          onClick={() => acts.decide("reject", reason)}
        >
          {label}
          <Kbd size="xs">{n + 1}</Kbd>
        </button>
      ))}
      <button type="button" className={classes.decide} onClick={() => acts.decide("reject")}>
        No reason <Kbd size="xs">R</Kbd>
      </button>
      <Button variant="subtle" color="gray" size="compact-sm" onClick={() => tools.reasoning.set(false)}>
        Cancel
      </Button>
    </div>
  );
}

function Labels() {
  const { project, selected, tools, acts } = useReviewSession();
  const drafts = useStore(tools.drafts, (value) => value);
  const chosen = selected ? withDraft(selected, draftOf(drafts, selected.subject)).labels : [];
  return (
    <div className={classes.labels} role="group" aria-label="Labels">
      {project.labels.map(({ name, color }, n) => (
        <button
          key={name}
          type="button"
          className={classes.label}
          aria-pressed={chosen.includes(name)}
          disabled={!selected}
          title={`${name} (${n + 1})`}
          onClick={() => acts.label(n + 1)}
        >
          <i style={{ background: color }} />
          <span>{name}</span>
          <b>{n + 1}</b>
        </button>
      ))}
    </div>
  );
}

function Comment({ selected }: { selected: Item | null }) {
  const { acts, tools } = useReviewSession();
  const opened = useStore(commentOpen, (value) => value) && selected !== null;
  const drafts = useStore(tools.drafts, (value) => value);
  const known = selected ? withDraft(selected, draftOf(drafts, selected.subject)).comment : "";
  const [text, setText] = useState(known);
  const save = (): void => {
    commentOpen.set(false);
    if (text !== known) acts.comment(text);
  };
  return (
    <Popover
      opened={opened}
      onChange={(open) => !open && save()}
      position="top-end"
      width={320}
      shadow="md"
      trapFocus
    >
      <Popover.Target>
        <Button
          variant={known ? "light" : "subtle"}
          color={known ? "petrol" : "gray"}
          px={9}
          className={classes.quiet ?? ""}
          disabled={!selected}
          aria-label={known ? "Comment: there is one" : "Comment"}
          title="Comment (C)"
          onClick={() => commentOpen.set(!opened)}
        >
          <MessageSquare size={16} aria-hidden />
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Textarea
          label="Comment"
          autosize
          minRows={3}
          maxRows={8}
          maxLength={2000}
          data-autofocus
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) save();
          }}
        />
        <Button size="xs" mt={8} onClick={save}>
          Save <Kbd size="xs">Ctrl Enter</Kbd>
        </Button>
      </Popover.Dropdown>
    </Popover>
  );
}
