import { Button } from "@mantine/core";
import { CircleCheckBig } from "lucide-react";
import { useEffect, useMemo, useRef } from "react";
import { Link } from "react-router";

import { useVideos } from "../api/queries/videos";
import { plural } from "../lib/format";
import { paths } from "../lib/paths";
import { useStore } from "../lib/store";
import { TeachHere } from "../teaching/TeachHere";
import { ErrorState, LoadingState } from "../ui/states";
import { BulkBar } from "./BulkBar";
import { QueueFilters } from "./QueueFilters";
import { QueueItem } from "./QueueItem";
import classes from "./queue.module.css";
import { useReviewSession } from "./session";
import { change } from "./settings";

/** What to look at next. */
export function QueuePanel() {
  const { run } = useReviewSession();
  return (
    <div className={classes.panel}>
      <QueueFilters />
      <OnlySelected />
      {run ? <List /> : <NoRun />}
      <BulkBar />
    </div>
  );
}

/** The queue is narrowed by what was selected on the map of patterns. */
function OnlySelected() {
  const { tools, run } = useReviewSession();
  const held = useStore(tools.selection, (value) => value);
  if (!held || held.run !== run?.id) return null;
  return (
    <div className={classes.narrowed} role="status">
      Only the {plural(held.segments.length, "item")} selected on the map
      <Button size="compact-xs" variant="subtle" onClick={() => tools.selection.set(null)}>
        Show all
      </Button>
    </div>
  );
}

function NoRun() {
  const { runs, project } = useReviewSession();
  return (
    <div className={classes.empty}>
      <p>
        {runs.length === 0
          ? "Nothing to review yet: a run learns what is usual in your footage and proposes what is not."
          : "No run has scored this video. Choose another video, or start a run that includes it."}
      </p>
      <Button
        size="xs"
        component={Link}
        to={runs.length === 0 ? paths.newRun(project.id) : paths.runs(project.id)}
      >
        {runs.length === 0 ? "Start a run" : "Go to the runs"}
      </Button>
      <p>You can already watch the footage, and mark spans yourself with [ and ].</p>
    </div>
  );
}

function List() {
  const { queue, selected, acts, project } = useReviewSession();
  const { data } = useVideos(project.id);
  const videos = useMemo(() => new Map(data?.map((video) => [video.id, video])), [data]);
  const list = useRef<HTMLDivElement>(null);
  const subject = selected?.subject ?? null;

  const listed = queue.items.length > 0;

  // also when the list comes later than what is selected: a link leads to an item far down
  useEffect(() => {
    const row = list.current?.querySelector(`[data-subject="${subject ?? ""}"]`);
    row?.scrollIntoView({ block: "nearest" });
  }, [subject, listed]);

  if (queue.loading) return <LoadingState label="Loading the queue" />;
  if (queue.error) return <ErrorState error={queue.error} retry={queue.retry} />;
  if (queue.items.length === 0) return <EmptyQueue />;
  return (
    <div ref={list} className={classes.list} role="list" aria-label="Queue">
      {queue.items.map((item) => (
        <QueueItem
          key={item.subject}
          item={item}
          video={videos.get(item.video)}
          chosen={item.subject === subject}
          onOpen={acts.open}
        />
      ))}
      {queue.more && <More key={queue.items.length} load={queue.more} />}
    </div>
  );
}

/** Asks for the next page before its end is seen. */
function More({ load }: { load: () => void }) {
  const line = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!line.current) return;
    const observer = new IntersectionObserver(
      ([entry]) => {
        if (entry?.isIntersecting) load();
      },
      { rootMargin: "600px" },
    );
    observer.observe(line.current);
    return () => observer.disconnect();
  }, [load]);
  return <div ref={line} className={classes.more} />;
}

function EmptyQueue() {
  const { tools, queue, run, project } = useReviewSession();
  const { scope, state } = useStore(tools.settings, (value) => value);
  const elsewhere = (queue.left ?? 0) > 0 && scope === "video";
  if (run && run.stage !== "done") {
    return (
      <p className={classes.empty}>
        Items appear here when the run is done ({run.progress.phase.toLowerCase()}).
      </p>
    );
  }
  if (queue.narrow.label !== null || queue.narrow.reviewer !== null) {
    return (
      <div className={classes.empty}>
        <p>No item fits all of the filters above.</p>
        <Button size="xs" onClick={() => queue.setNarrow({ label: null, reviewer: null })}>
          Any label, by anybody
        </Button>
        {state === "open" && (
          <Button size="xs" variant="default" onClick={() => change(tools.settings, { state: "all" })}>
            Look at the decided ones too
          </Button>
        )}
      </div>
    );
  }
  if (queue.search) return <p className={classes.empty}>No item in a video of that name.</p>;
  if (state === "decided") return <p className={classes.empty}>You have not decided any item yet.</p>;
  if (state === "unsure")
    return (
      <p className={classes.empty}>
        Nothing waits for a second look: nobody is unsure about an undecided item.
      </p>
    );
  if (state === "conflict")
    return <p className={classes.empty}>No disagreement: nobody accepts what somebody else rejects.</p>;
  if (state === "suspect") {
    return (
      <p className={classes.empty}>
        No verdict is suspect: none is contradicted by both the model and the most similar judged items.
      </p>
    );
  }
  if (run?.segments === 0) {
    return (
      <p className={classes.empty}>
        Nothing reaches the threshold. Drag the threshold on the timeline down to see more.
      </p>
    );
  }
  return (
    <div className={classes.empty}>
      <CircleCheckBig size={26} aria-hidden />
      <p>{elsewhere ? "This video is done." : "All items are decided."}</p>
      {elsewhere ? (
        <Button size="xs" onClick={() => change(tools.settings, { scope: "run" })}>
          {plural(queue.left ?? 0, "item")} left in other videos
        </Button>
      ) : (
        <>
          <TeachHere project={project} />
          <Button size="xs" variant="default" component={Link} to={paths.datasets(project.id)}>
            Make a dataset of it
          </Button>
        </>
      )}
      {state === "open" && (
        <Button size="xs" variant="default" onClick={() => change(tools.settings, { state: "all" })}>
          Look at the decided ones
        </Button>
      )}
    </div>
  );
}
