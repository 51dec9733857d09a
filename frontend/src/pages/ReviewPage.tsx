import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { Clapperboard } from "lucide-react";
import { useEffect, useMemo, useState } from "react";
import { Link, Navigate, useLocation, useNavigate, useNavigationType, useParams } from "react-router";

import { useTopItem } from "../api/queries/segments";
import { useVideo, useVideos, videoKeys } from "../api/queries/videos";
import type { Uuid, Video } from "../api/types";
import { paths } from "../lib/paths";
import { Desk } from "../review/Desk";
import { followInAddress, parsePlace } from "../review/place";
import { type Go, SessionProvider } from "../review/SessionProvider";
import { createTools, type Tools } from "../review/tools";
import { Page } from "../ui/Page";
import { useCurrentProject } from "../ui/projectContext";
import { EmptyState, ErrorState, LoadingState, QueryView } from "../ui/states";
import { usePageTitle } from "../ui/usePageTitle";

export function ReviewPage() {
  const { videoId } = useParams();
  const [tools] = useState(createTools);
  return videoId ? <VideoOnDesk id={videoId} tools={tools} /> : <FirstVideo />;
}

/** Without a video in the address: the strangest open item; with none, the first video that can be played. */
function FirstVideo() {
  const project = useCurrentProject();
  const { search } = useLocation();
  const { run } = useMemo(() => parsePlace(search), [search]);
  const top = useTopItem(project.id, run);
  const query = useVideos(project.id);
  usePageTitle("Review", project.name);
  if (top.isPending) return <LoadingState label="Opening the review desk" />;
  if (top.data) {
    const { video, run: of, id, peak_frame } = top.data;
    return (
      <Navigate to={paths.review(project.id, video, { run: of, segment: id, frame: peak_frame })} replace />
    );
  }
  return (
    <QueryView query={query} loading={<LoadingState label="Opening the review desk" />}>
      {(videos) => {
        const first = videos.find((video) => video.state === "ready");
        if (first) return <Navigate to={paths.review(project.id, first.id, { run })} replace />;
        const coming = videos.some((video) => video.state === "ingesting");
        return (
          <Page title="Review">
            <EmptyState
              icon={<Clapperboard aria-hidden />}
              title={coming ? "The footage is not ready yet" : "There is no footage to review yet"}
              action={
                <Button component={Link} to={paths.footage(project.id)}>
                  {coming ? "See how far it is" : "Add footage"}
                </Button>
              }
            >
              {coming
                ? "Videos appear here as soon as they have been read in. This page opens by itself then."
                : "Drop videos on the Footage page, start a run, and come back for what stands out."}
            </EmptyState>
          </Page>
        );
      }}
    </QueryView>
  );
}

function VideoOnDesk({ id, tools }: { id: Uuid; tools: Tools }) {
  const project = useCurrentProject();
  const location = useLocation();
  const kind = useNavigationType();
  const navigate = useNavigate();
  const query = useVideo(id);
  const client = useQueryClient();
  // from one video to another nothing flashes: the list of the pickers knows it already
  const listed = client.getQueryData<Video[]>(videoKeys.list(project.id))?.find((one) => one.id === id);
  const video = query.data ?? (query.isPending ? listed : undefined);
  const place = useMemo(() => parsePlace(location.search), [location.search]);
  usePageTitle(video?.name, "Review", project.name);

  const go: Go = useMemo(
    () => (to, push) => {
      const { video: target, ...where } = to;
      const tab = tools.tab.get();
      const address = paths.review(project.id, target, where) + (tab ? `&tab=${tab}` : "");
      // at once, so that the next key already means the next item
      void navigate(address, { replace: !push, flushSync: true });
    },
    [navigate, project.id, tools],
  );

  const total = video?.n_frames ?? 0;
  useEffect(() => {
    const now = () => {
      const view = tools.view.get();
      const whole = view.stop - view.start >= total;
      return { frame: tools.clock.get().frame, view: whole ? null : view, tab: tools.tab.get() };
    };
    return followInAddress(now, tools.clock.subscribe, tools.view.subscribe, tools.tab.subscribe);
  }, [tools, id, total]);

  // back and forward: the address has changed under the player
  useEffect(() => {
    const { frame, tab, view } = parsePlace(window.location.search);
    if (kind !== "POP") return;
    if (tab !== null) tools.tab.set(tab);
    if (view !== null) tools.view.set(view);
    if (frame !== null) tools.player.seek(frame);
  }, [location.key, kind, tools]);

  if (query.isPending && !video) return <LoadingState label="Opening the review desk" />;
  if (!video) {
    return (
      <Page title="Review" up={{ to: paths.footage(project.id), label: "Footage" }}>
        <ErrorState error={query.error} retry={() => void query.refetch()} />
      </Page>
    );
  }
  if (video.state !== "ready" || video.project !== project.id) {
    return (
      <Page title={video.name} up={{ to: paths.footage(project.id), label: "Footage" }}>
        <EmptyState
          icon={<Clapperboard aria-hidden />}
          title={
            video.state === "rejected" ? "This file cannot be used" : "This video is still being read in"
          }
          action={
            <Button component={Link} to={paths.footage(project.id)}>
              Go to the footage
            </Button>
          }
        >
          {video.reason || "It opens here by itself as soon as it is ready."}
        </EmptyState>
      </Page>
    );
  }
  return (
    <SessionProvider project={project} video={video} place={place} tools={tools} go={go}>
      <Desk />
    </SessionProvider>
  );
}
