import { History } from "lucide-react";
import { memo } from "react";

import type { Video } from "../api/types";
import { formatScore } from "../lib/format";
import { formatSeconds, formatShortClock, spanSeconds, timebaseOf, timeOf } from "../lib/frames";
import { useStore } from "../lib/store";
import { Glimpse } from "./Glimpse";
import { type Item, spanOf, stateOf } from "./items";
import { markRange, toggleMark } from "./marked";
import { OthersMark } from "./OthersMark";
import classes from "./queue.module.css";
import { useReviewSession } from "./session";
import { SeverityMark, StateMark } from "./StateMark";

type Props = { item: Item; video: Video | undefined; chosen: boolean; onOpen: (item: Item) => void };

/** One row of the queue. */
export const QueueItem = memo(function QueueItem({ item, video, chosen, onOpen }: Props) {
  const session = useReviewSession();
  const span = spanOf(item);
  const timebase = video && timebaseOf(video);
  const state = stateOf(item);
  return (
    <div
      role="listitem"
      className={classes.item}
      data-subject={item.subject}
      data-chosen={chosen || undefined}
    >
      <MarkBox item={item} />
      <button
        type="button"
        className={classes.open}
        aria-current={chosen || undefined}
        onClick={(event) => {
          const { tools, queue } = session;
          if (event.ctrlKey || event.metaKey) tools.marked.set((old) => toggleMark(old, item.subject));
          else if (event.shiftKey) {
            const shown = queue.items.map((one) => one.subject);
            tools.marked.set((old) => markRange(old, shown, item.subject));
          } else onOpen(item);
        }}
      >
        {video ? <Glimpse video={video} frame={item.peak} width={92} /> : <span className={classes.blank} />}
        <span className={classes.facts}>
          <span className={classes.line}>
            {item.audit ? (
              <b title="Picked by chance among what the run does not propose: it tells what the run misses">
                Audit
              </b>
            ) : (
              <b title="Score at the peak">{formatScore(item.score)}</b>
            )}
            {item.severity && <SeverityMark severity={item.severity} />}
          </span>
          <span className={classes.name} title={item.videoName}>
            {item.videoName}
          </span>
          <span className={classes.line}>
            <span>
              {timebase
                ? `${formatShortClock(timeOf(timebase, span.start))} · ${formatSeconds(spanSeconds(timebase, span))}`
                : `frame ${span.start}`}
            </span>
          </span>
          <span className={classes.line}>
            {item.before ? <BeforeMark before={item.before} /> : <StateMark state={state} />}
            <Edited subject={item.subject} />
            <OthersMark item={item} />
          </span>
        </span>
      </button>
    </div>
  );
});

const DECIDED: Record<string, string> = { accept: "accepted", reject: "rejected" };

/** The same event was decided in another run: it need not be decided again, and can be. */
function BeforeMark({ before }: { before: NonNullable<Item["before"]> }) {
  const where = before.run_name ? `in “${before.run_name}”` : "as a span that you marked";
  return (
    <span
      className={classes.before}
      title={`You ${DECIDED[before.decision] ?? "decided"} this event ${where}. Decide here to say otherwise.`}
    >
      <History size={12} aria-hidden /> {DECIDED[before.decision] ?? "decided"} before
    </span>
  );
}

/** Ctrl with a click marks too, Shift marks all in between. */
function MarkBox({ item }: { item: Item }) {
  const { tools, mayDecide } = useReviewSession();
  const marked = useStore(tools.marked, (value) => value.has(item.subject));
  const any = useStore(tools.marked, (value) => value.size > 0);
  if (!mayDecide) return null;
  return (
    <input
      type="checkbox"
      className={classes.mark}
      data-any={any || undefined}
      aria-label={`Mark ${item.videoName}, frame ${item.peak}`}
      title="Mark for one decision about many (M; Ctrl or Shift with a click)"
      checked={marked}
      onChange={() => tools.marked.set((old) => toggleMark(old, item.subject))}
    />
  );
}

function Edited({ subject }: { subject: string }) {
  const { tools } = useReviewSession();
  const edited = useStore(tools.drafts, (drafts) => drafts.items.get(subject)?.span !== undefined);
  return edited ? <span className={classes.edited}>edges not saved</span> : null;
}
