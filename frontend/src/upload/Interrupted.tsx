import { Button } from "@mantine/core";
import { Unplug } from "lucide-react";

import { useDiscardUpload, useOpenUploads } from "../api/queries/uploads";
import type { OpenUpload } from "../api/types";
import { formatBytes, formatCount, formatPercent, plural, visibleName } from "../lib/format";
import { notifyError } from "../ui/notify";
import { Ago } from "../ui/Ago";
import { useUploadQueue, useUploads } from "./UploadContext";
import type { WaitingFile } from "./waitingStore";
import classes from "./upload.module.css";

/**
 * Uploads that the server has a part of and this page does not send: the browser forgot their files on reload.
 *
 * They go on when the same file is dropped again in the same browser. Never by name and size alone: recorders write
 * files of one size under one name, and the two halves would be of different footage.
 */
export function Interrupted({ project }: { project: string }) {
  const open = useOpenUploads(project);
  const queue = useUploadQueue();
  const discard = useDiscardUpload(project);
  const items = useUploads(project);
  const mine = new Set(items.map((item) => item.url).filter((url) => url !== null));
  const waiting = new Set(items.filter((item) => item.url === null).map((item) => item.path));
  // of which nothing arrived, nothing can go on: it was cut off before its first answer, and expires by itself
  const left = open.data?.filter((upload) => upload.offset > 0 && !isUnderWay(upload, mine, waiting)) ?? [];
  const never = queue.left(project).filter((file) => !left.some((one) => isOf(one, file)));
  if (left.length === 0) return never.length > 0 ? <Never files={never} project={project} /> : null;
  return (
    <>
      <section className={classes.interrupted} aria-label="Interrupted uploads">
        <Unplug size={18} aria-hidden className={classes.zoneIcon} />
        <div>
          <p className={classes.interruptedTitle}>
            {left.length === 1 ? "1 upload was" : `${plural(left.length, "upload")} were`} interrupted. Drop
            the same files again to go on where they stopped.
          </p>
          <ul className={classes.interruptedList}>
            {left.map((upload) => (
              <li key={upload.id}>
                <span className={classes.interruptedName}>{upload.name}</span>
                <span>
                  {formatPercent(upload.offset / upload.length)} of {formatBytes(upload.length)}, begun{" "}
                  <Ago time={upload.created_at} />
                </span>
                <Button
                  variant="subtle"
                  color="gray"
                  size="compact-xs"
                  aria-label={`Discard ${upload.name}`}
                  onClick={() => discard.mutate(upload.id, { onError: (error) => notifyError(error) })}
                >
                  Discard
                </Button>
              </li>
            ))}
          </ul>
        </div>
      </section>
      {never.length > 0 && <Never files={never} project={project} />}
    </>
  );
}

const SHOWN = 8;

/** Files that were chosen before a reload and had not begun: a browser gives no file back, so they are named. */
function Never({ files, project }: { files: readonly WaitingFile[]; project: string }) {
  const queue = useUploadQueue();
  return (
    <section className={classes.interrupted} aria-label="Files that did not begin">
      <Unplug size={18} aria-hidden className={classes.zoneIcon} />
      <div>
        <p className={classes.interruptedTitle}>
          {plural(files.length, "file")} had not begun when this page was closed or reloaded. Drop{" "}
          {files.length === 1 ? "it" : "them"} again: nothing of {files.length === 1 ? "it" : "them"} is on
          the server.
        </p>
        <ul className={classes.interruptedList}>
          {files.slice(0, SHOWN).map((file) => (
            <li key={`${file.path}/${file.size}`}>
              <span className={classes.interruptedName}>{visibleName(file.path)}</span>
              <span>{formatBytes(file.size)}</span>
            </li>
          ))}
          {files.length > SHOWN && <li>and {formatCount(files.length - SHOWN)} more</li>}
        </ul>
        <Button variant="subtle" color="gray" size="compact-xs" onClick={() => queue.dismiss(project)}>
          Do not ask for {files.length === 1 ? "it" : "them"} again
        </Button>
      </div>
    </section>
  );
}

function isOf(upload: OpenUpload, file: WaitingFile): boolean {
  return upload.length === file.size && upload.name.endsWith(file.path.slice(file.path.lastIndexOf("/") + 1));
}

function isUnderWay(upload: OpenUpload, urls: Set<string>, names: Set<string>): boolean {
  for (const url of urls) if (url.includes(upload.id)) return true;
  return names.has(upload.name);
}
