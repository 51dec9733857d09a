import { ActionIcon, Button, Group, Tooltip } from "@mantine/core";
import { Pause, Play, RotateCcw, X } from "lucide-react";
import type { ReactNode } from "react";

import { formatBytes, formatPercent, formatTimeLeft, plural, visibleName } from "../lib/format";
import { notifyError } from "../ui/notify";
import { Panel } from "../ui/Panel";
import { ProgressBar } from "../ui/JobProgress";
import { totals, type UploadItem } from "./queue";
import { useUploadQueue, useUploads } from "./UploadContext";
import classes from "./upload.module.css";

/** The files on their way into this project. */
export function UploadPanel({ project }: { project: string }) {
  const queue = useUploadQueue();
  const items = useUploads(project);
  // what has arrived shows up in the list of videos: here it is only counted
  const open = items.filter((item) => item.status !== "done");
  if (open.length === 0) return null;
  const sum = totals(items);
  const failed = items.filter((item) => item.status === "failed").length;
  const paused = items.some((item) => item.status === "paused");
  const words = sum.sending
    ? [
        `${sum.finished} of ${plural(sum.files, "file")}`,
        `${formatBytes(sum.sent)} of ${formatBytes(sum.bytes)}`,
        sum.speed > 0 ? `${formatBytes(sum.speed)}/s` : "",
        formatTimeLeft(sum.left_s),
      ]
    : [`${sum.finished} of ${plural(sum.files, "file")} uploaded`, paused ? "paused" : ""];
  if (failed > 0) words.push(`${failed} not uploaded`);
  return (
    <Panel
      title="Uploads"
      summary={<span role="status">{words.filter(Boolean).join(" · ")}</span>}
      flush
      actions={
        <Group gap="xs">
          {sum.sending && (
            <Button variant="default" size="xs" onClick={() => queue.pauseAll(project)}>
              Pause all
            </Button>
          )}
          {paused && (
            <Button variant="default" size="xs" onClick={() => queue.resumeAll(project)}>
              Resume all
            </Button>
          )}
          {failed > 0 && (
            <Button variant="default" size="xs" onClick={() => queue.clear(project)}>
              Clear what failed
            </Button>
          )}
        </Group>
      }
    >
      <ul className={classes.items}>
        {open.map((item) => (
          <UploadRow key={item.id} item={item} />
        ))}
      </ul>
    </Panel>
  );
}

function UploadRow({ item }: { item: UploadItem }) {
  const queue = useUploadQueue();
  const { id, status } = item;
  const path = visibleName(item.path);
  const fraction = item.size > 0 ? item.sent / item.size : 0;
  const cancel = () => void queue.cancel(id).catch((error: unknown) => notifyError(error));
  return (
    <li className={classes.item} data-status={status}>
      <div className={classes.itemName} title={path}>
        {path}
      </div>
      <div className={classes.itemProgress}>
        <ProgressBar
          fraction={status === "done" ? 1 : fraction}
          label={`Upload of ${path}`}
          {...(status === "done"
            ? { tone: "done" as const }
            : status === "failed"
              ? { tone: "failed" as const }
              : {})}
        />
        <div className={classes.itemWords} data-failed={status === "failed" || undefined}>
          {describe(item, fraction)}
        </div>
      </div>
      <div className={classes.itemActions}>
        {(status === "sending" || status === "waiting") && (
          <Act label={`Pause ${path}`} icon={<Pause size={15} />} run={() => void queue.pause(id)} />
        )}
        {status === "paused" && (
          <Act label={`Resume ${path}`} icon={<Play size={15} />} run={() => queue.resume(id)} />
        )}
        {status === "failed" && (
          <Act label={`Try ${path} again`} icon={<RotateCcw size={15} />} run={() => queue.resume(id)} />
        )}
        <Act label={`Cancel ${path}`} icon={<X size={15} />} run={cancel} />
      </div>
    </li>
  );
}

function describe(item: UploadItem, fraction: number): string {
  switch (item.status) {
    case "waiting":
      return item.note || `Waiting its turn · ${formatBytes(item.size)}`;
    case "paused":
      return `Paused at ${formatPercent(fraction)} · ${formatBytes(item.sent)} of ${formatBytes(item.size)}`;
    case "done":
      return `Uploaded · ${formatBytes(item.size)}`;
    case "failed":
      return item.note;
    case "sending": {
      if (item.note) return `${item.note} · ${formatBytes(item.sent)} arrived`;
      const left = item.speed ? (item.size - item.sent) / item.speed : null;
      return [
        formatPercent(fraction),
        `${formatBytes(item.sent)} of ${formatBytes(item.size)}`,
        item.speed === null ? "" : `${formatBytes(item.speed)}/s`,
        formatTimeLeft(left),
      ]
        .filter(Boolean)
        .join(" · ");
    }
  }
}

function Act({ label, icon, run }: { label: string; icon: ReactNode; run: () => void }) {
  return (
    <Tooltip label={label.split(" ")[0]}>
      <ActionIcon variant="subtle" color="gray" aria-label={label} onClick={run}>
        {icon}
      </ActionIcon>
    </Tooltip>
  );
}
