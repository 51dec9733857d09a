import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";

import { useVideoSegments } from "../api/queries/segments";
import { useMe } from "../api/queries/session";
import { useVerdicts } from "../api/queries/verdicts";
import { useVideoTimes } from "../api/queries/videos";
import type { Project, Uuid, Video } from "../api/types";
import { timebaseOf } from "../lib/frames";
import { createStore } from "../lib/store";
import { may } from "../ui/projectContext";
import { createActs, type Effects, type Moment } from "./acts";
import { isOpen, spanOf } from "./items";
import type { Place } from "./place";
import { type Session, SessionContext } from "./session";
import { clampView, fit, reveal, zoomTo } from "./timeline/view";
import type { Tools } from "./tools";
import { useLanes } from "./useLanes";
import { leftKey, useQueue } from "./useQueue";
import { useReviewRuns } from "./useRuns";
import { useVerdictBook } from "./useVerdictBook";

const NONE: readonly never[] = [];

export type Go = (
  to: { video: Uuid; segment: Uuid | null; frame: number; run: Uuid | null },
  push: boolean,
) => void;

/** Brings together what the desk shows; everything below it reads one context. */
export function SessionProvider(props: {
  project: Project;
  video: Video;
  place: Place;
  tools: Tools;
  go: Go;
  children: ReactNode;
}) {
  const { project, video, place, tools, go } = props;
  const me = useMe();
  const client = useQueryClient();
  const mayDecide = may(project, "reviewer");
  const maySettle = may(project, "manager");
  const times = useVideoTimes(video.id, video.vfr);
  const timebase = useMemo(() => timebaseOf(video, times.data ?? null), [video, times.data]);
  const {
    runs,
    run,
    missing: runMissing,
    shown,
    showRun,
    tracks,
    known,
  } = useReviewRuns(project.id, video.id, place.run);
  const runId = run?.id ?? null;

  const { entries, opinion, hearing, submit, outbox, listen } = useVerdictBook(me.id, project.id);
  const segmentsQuery = useVideoSegments(runId, video.id);
  const segments = segmentsQuery.data ?? NONE;
  const { data: verdicts = NONE } = useVerdicts({
    project: project.id,
    video: video.id,
    reviewer: "all",
    current: true,
  });
  const items = useLanes({ me: me.id, video, segments, verdicts, opinion, hearing, entries });
  const selected = items.find((item) => item.subject === place.segment) ?? null;
  const queue = useQueue({
    run: runId,
    video: video.id,
    settings: tools.settings,
    selection: tools.selection,
    opinion,
    hearing,
    selected: place.segment,
  });

  const moment: Moment = {
    video: video.id,
    timebase,
    labels: project.labels,
    mayDecide,
    maySettle,
    items,
    queue: queue.items,
    selected,
  };
  const now = { moment, go, runId, submit };
  const [latest] = useState(() => createStore(now));
  useLayoutEffect(() => latest.set(now));

  const acts = useMemo(() => {
    const effects: Effects = {
      moment: () => latest.get().moment,
      go: (to) => {
        const here = latest.get();
        here.go({ ...to, run: here.runId }, to.video !== here.moment.video);
      },
      submit: (request, { item, from, to }) => {
        latest.get().submit(request);
        const by = !item?.listed ? 0 : Number(from) - Number(to);
        if (by === 0) return;
        const run = latest.get().runId;
        for (const scope of [null, item?.video ?? null]) {
          client.setQueryData<number>(leftKey(run, scope), (old) =>
            old === undefined ? old : Math.max(0, old + by),
          );
        }
      },
    };
    return createActs(tools, effects);
  }, [tools, client, latest]);

  useArrange({ tools, video, timebase, selected, asked: place.view });
  useFirstItem({ place, items, acts, video, ready: known && segmentsQuery.isSuccess });

  const session: Session = {
    project,
    video,
    timebase,
    runs,
    run,
    runMissing,
    shown,
    tracks,
    segments,
    items,
    selected,
    opinion,
    queue,
    mayDecide,
    maySettle,
    outbox,
    tools,
    acts,
    chooseRun: (id) => go({ video: video.id, segment: null, frame: tools.clock.get().frame, run: id }, false),
    showRun,
    listen,
  };
  return <SessionContext value={session}>{props.children}</SessionContext>;
}

type Arrange = Pick<Session, "tools" | "video" | "timebase" | "selected"> & { asked: Place["view"] };

/** A video is shown as the address says; else whole at first, or zoomed to the item that led to it. */
function useArrange({ tools, video, timebase, selected, asked }: Arrange): void {
  const arranged = useRef<{ video: Uuid; item: Uuid | null } | null>(null);
  useLayoutEffect(() => {
    const total = timebase.total;
    const item = selected?.subject ?? null;
    if (arranged.current?.video === video.id) {
      arranged.current.item = item;
      return;
    }
    const first = arranged.current === null;
    arranged.current = { video: video.id, item };
    if (selected) tools.watch.look(selected.subject);
    if (first && asked) return tools.view.set(clampView(asked, total));
    const whole = fit(total);
    const span = selected ? spanOf(selected) : null;
    tools.view.set(
      span && tools.settings.get().zoom === "item"
        ? zoomTo(span, total)
        : span
          ? reveal(whole, span, total)
          : whole,
    );
  }, [tools, video, timebase, selected, asked]);
  useEffect(() => {
    tools.player.setTimebase(timebase);
  }, [tools, timebase]);
}

type First = { place: Place; items: Session["items"]; acts: Session["acts"]; video: Video; ready: boolean };

/** Whoever comes without saying where to look is shown what stands out most in this video. */
function useFirstItem({ place, items, acts, video, ready }: First): void {
  const done = useRef<Uuid | null>(null);
  const open = items.filter((item) => isOpen(item) && item.listed);
  const first = open.toSorted((one, other) => (other.score ?? 0) - (one.score ?? 0))[0];
  useEffect(() => {
    if (!ready || done.current === video.id) return;
    done.current = video.id;
    if (place.segment !== null || place.frame !== null || !first) return;
    // after this render: opening an item changes the address at once
    queueMicrotask(() => acts.open(first));
  }, [ready, video.id, place, first, acts]);
}
