import { Button, Group, Stack } from "@mantine/core";
import { ClipboardCheck, Play } from "lucide-react";
import { useState } from "react";
import { Link } from "react-router";

import { useVideos } from "../api/queries/videos";
import type { Project, Video } from "../api/types";
import { GroundTruthModal } from "../footage/GroundTruthModal";
import { VideoList } from "../footage/VideoList";
import { VideoListSkeleton } from "../footage/VideoListSkeleton";
import { formatBytes, formatLength, plural } from "../lib/format";
import { paths } from "../lib/paths";
import { DropZone } from "../upload/DropZone";
import type { Selection } from "../upload/files";
import { Interrupted } from "../upload/Interrupted";
import { useUploadQueue, useUploads } from "../upload/UploadContext";
import { UploadPanel } from "../upload/UploadPanel";
import { Page } from "../ui/Page";
import { may, useCurrentProject } from "../ui/projectContext";
import { EmptyState, QueryView } from "../ui/states";
import { usePageTitle } from "../ui/usePageTitle";
import { notifyAbout } from "../ui/notify";

export function FootagePage() {
  const project = useCurrentProject();
  usePageTitle("Footage", project.name);
  const query = useVideos(project.id);
  const manages = may(project, "manager");
  const uploads = useUploads(project.id);
  const empty = query.data?.length === 0 && uploads.length === 0;
  const ready = query.data?.some((video) => video.state === "ready") ?? false;
  return (
    <Page
      title="Footage"
      summary={query.data ? summarize(query.data) : " "}
      actions={
        manages && ready ? (
          <Group gap="xs">
            <GroundTruthButton project={project} />
            <Button
              component={Link}
              to={paths.newRun(project.id)}
              leftSection={<Play size={15} aria-hidden />}
            >
              New run
            </Button>
          </Group>
        ) : null
      }
    >
      <Stack gap="md">
        {manages && <Intake project={project.id} large={empty} />}
        <QueryView query={query} loading={<VideoListSkeleton />}>
          {(videos) =>
            videos.length > 0 ? (
              <VideoList videos={videos} project={project} />
            ) : manages ? null : (
              <EmptyState title="No footage yet">
                A manager of this project uploads it. It then shows up here.
              </EmptyState>
            )
          }
        </QueryView>
      </Stack>
    </Page>
  );
}

function GroundTruthButton({ project }: { project: Project }) {
  const [opened, setOpened] = useState(false);
  return (
    <>
      <Button
        variant="default"
        leftSection={<ClipboardCheck size={15} aria-hidden />}
        onClick={() => setOpened(true)}
      >
        Import ground truth
      </Button>
      <GroundTruthModal project={project} opened={opened} close={() => setOpened(false)} />
    </>
  );
}

/** Everything about footage coming in; only managers have it. */
function Intake({ project, large }: { project: string; large: boolean }) {
  const queue = useUploadQueue();
  const select = ({ files, skipped }: Selection) => {
    const { repeated } = queue.add(project, files);
    if (skipped.length > 0) {
      const named = skipped.slice(0, 5).join(", ");
      const more = skipped.length > 5 ? ` and ${skipped.length - 5} more` : "";
      notifyAbout(`${plural(skipped.length, "file")} left out: not a video. ${named}${more}.`);
    }
    if (repeated > 0) notifyAbout(`${plural(repeated, "file")} already on the way, so not taken twice.`);
    if (files.length === 0 && skipped.length === 0) notifyAbout("There was no file in that.");
  };
  return (
    <>
      <DropZone onSelect={select} large={large} />
      <Interrupted project={project} />
      <UploadPanel project={project} />
    </>
  );
}

function summarize(videos: readonly Video[]): string {
  if (videos.length === 0) return "Nothing here yet.";
  const seconds = videos.reduce((sum, video) => sum + video.duration_s, 0);
  const bytes = videos.reduce((sum, video) => sum + video.size_bytes, 0);
  return [plural(videos.length, "video"), `${formatLength(seconds)} of footage`, formatBytes(bytes)].join(
    " · ",
  );
}
