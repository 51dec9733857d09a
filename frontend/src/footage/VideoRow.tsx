import { ActionIcon, Button, Menu, Tooltip } from "@mantine/core";
import { Download, Film, MoreHorizontal, Pencil, RotateCcw, Trash2, TriangleAlert } from "lucide-react";
import { Link } from "react-router";

import {
  useCancelVideo,
  useDeleteVideo,
  useRenameVideo,
  useRetryMotion,
  useRetryVideo,
} from "../api/queries/videos";
import { isActive } from "../api/polling";
import type { Video } from "../api/types";
import { formatBytes, formatCount, formatLength, plural } from "../lib/format";
import { paths } from "../lib/paths";
import { confirm } from "../ui/confirm";
import { JobProgress } from "../ui/JobProgress";
import { notifyError } from "../ui/notify";
import { prompt } from "../ui/prompt";
import { StatusBadge } from "../ui/StatusBadge";
import classes from "./footage.module.css";

type Props = {
  video: Video;
  project: string;
  manages: boolean;
  /** the name of the ready video that is the same file */
  twin: string | undefined;
};

export function VideoRow({ video, project, manages, twin }: Props) {
  const ready = video.state === "ready";
  const desk = paths.review(project, video.id);
  return (
    <li className={classes.row} data-state={twin === undefined ? video.state : "twin"}>
      <div className={classes.poster}>
        {ready && video.sees_footage ? (
          <Link to={desk} tabIndex={-1} aria-hidden>
            <img src={video.urls.poster} alt="" width={107} height={60} loading="lazy" decoding="async" />
          </Link>
        ) : (
          <Film size={20} aria-hidden />
        )}
      </div>
      <div className={classes.about}>
        <div className={classes.name} title={video.name}>
          {ready ? <Link to={desk}>{video.name}</Link> : video.name}
        </div>
        <div className={classes.facts}>{facts(video)}</div>
        {video.warnings.map((warning) => (
          <div key={warning} className={classes.warning}>
            <TriangleAlert size={13} aria-hidden />
            {warning}
          </div>
        ))}
      </div>
      <div className={classes.state}>
        {twin === undefined ? (
          <State video={video} manages={manages} />
        ) : (
          <div className={classes.reason}>
            <StatusBadge tone="stopped">Already here</StatusBadge>
            <p>The same file as “{twin}”. Nothing is missing: this entry can go.</p>
          </div>
        )}
      </div>
      <div className={classes.actions}>
        {ready && (
          <Button component={Link} to={desk} variant="default" size="xs">
            Review<span className="visually-hidden"> {video.name}</span>
            {video.to_review > 0 && <span className={classes.left}>{formatCount(video.to_review)}</span>}
          </Button>
        )}
        {manages && <VideoMenu video={video} />}
      </div>
    </li>
  );
}

function facts(video: Video): string {
  const size = formatBytes(video.size_bytes);
  if (video.state !== "ready") return size;
  const rate = `${Number(video.fps.toFixed(2))} fps${video.vfr ? " on average" : ""}`;
  return [formatLength(video.duration_s), `${video.width} × ${video.height}`, rate, size].join(" · ");
}

function State({ video, manages }: { video: Video; manages: boolean }) {
  const retryMotion = useRetryMotion();
  const { job, motion } = video;
  if (video.state === "rejected") {
    return (
      <div className={classes.reason}>
        <StatusBadge tone="failed">Cannot be used</StatusBadge>
        <p>{video.reason}</p>
      </div>
    );
  }
  if (video.state === "ingesting") {
    if (isActive(job)) {
      return <JobProgress progress={job} waiting={job.status === "queued"} label={`Reading ${video.name}`} />;
    }
    return (
      <div className={classes.reason}>
        <StatusBadge tone={job.status === "cancelled" ? "stopped" : "failed"}>
          {job.status === "cancelled" ? "Reading was cancelled" : "Reading failed"}
        </StatusBadge>
        {job.error && <p>{job.error}</p>}
      </div>
    );
  }
  return (
    <div className={classes.reason}>
      <StatusBadge tone="done">Ready</StatusBadge>
      {motion && isActive(motion) && (
        <JobProgress
          progress={{ ...motion, phase: "Measuring motion" }}
          waiting={false}
          label={`Measuring the motion of ${video.name}`}
        />
      )}
      {motion?.status === "failed" && (
        <p>
          Its motion curve could not be made: {motion.error}{" "}
          {manages && (
            <Button
              variant="default"
              size="compact-xs"
              loading={retryMotion.isPending}
              onClick={() => retryMotion.mutate(video.id, { onError: (error) => notifyError(error) })}
            >
              Try again
            </Button>
          )}
        </p>
      )}
      {video.ground_truth.length > 0 && (
        <p>{plural(video.ground_truth.length, "known event")} to measure against</p>
      )}
    </div>
  );
}

function VideoMenu({ video }: { video: Video }) {
  const rename = useRenameVideo();
  const retry = useRetryVideo();
  const cancel = useCancelVideo();
  const remove = useDeleteVideo();
  const onError = (error: unknown) => notifyError(error);
  const reading = video.state === "ingesting" && isActive(video.job);
  const retriable = video.state === "rejected" || (video.state === "ingesting" && !reading);
  return (
    <Menu position="bottom-end" width={210}>
      <Menu.Target>
        <Tooltip label="More">
          <ActionIcon variant="subtle" color="gray" aria-label={`More about ${video.name}`}>
            <MoreHorizontal size={17} aria-hidden />
          </ActionIcon>
        </Tooltip>
      </Menu.Target>
      <Menu.Dropdown>
        {retriable && (
          <Menu.Item
            leftSection={<RotateCcw size={15} />}
            onClick={() => retry.mutate(video.id, { onError })}
          >
            Read it again
          </Menu.Item>
        )}
        {reading && (
          <Menu.Item
            leftSection={<RotateCcw size={15} />}
            onClick={() => cancel.mutate(video.id, { onError })}
          >
            Stop reading
          </Menu.Item>
        )}
        <Menu.Item
          leftSection={<Pencil size={15} />}
          onClick={() =>
            prompt({
              title: "Rename video",
              label: "Name",
              value: video.name,
              action: "Rename",
              run: (name) => rename.mutateAsync({ id: video.id, name }),
            })
          }
        >
          Rename
        </Menu.Item>
        <Menu.Item
          leftSection={<Download size={15} />}
          component="a"
          href={`/api/videos/${video.id}/source`}
          download={video.name}
        >
          Download the original
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item
          leftSection={<Trash2 size={15} />}
          c="var(--mantine-color-error)"
          onClick={() =>
            confirm({
              title: "Delete this video?",
              body: (
                <>
                  <b>{video.name}</b> and everything made from it will be removed from the server. This cannot
                  be undone.
                </>
              ),
              action: "Delete video",
              run: () => remove.mutateAsync(video.id),
            })
          }
        >
          Delete
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
