import { Button } from "@mantine/core";
import { Unplug } from "lucide-react";

import { useDiscardUpload, useOpenUploads } from "../api/queries/uploads";
import type { OpenUpload } from "../api/types";
import { formatBytes, formatPercent, plural } from "../lib/format";
import { notifyError } from "../ui/notify";
import { Ago } from "../ui/Ago";
import { useUploads } from "./UploadContext";
import classes from "./upload.module.css";

/**
 * Uploads that the server has a part of and this page does not send: the browser forgot their files on reload.
 *
 * They go on when the same file is dropped again in the same browser. Never by name and size alone: recorders write
 * files of one size under one name, and the two halves would be of different footage.
 */
export function Interrupted({ project }: { project: string }) {
  const open = useOpenUploads(project);
  const discard = useDiscardUpload(project);
  const items = useUploads(project);
  const mine = new Set(items.map((item) => item.url).filter((url) => url !== null));
  const waiting = new Set(items.filter((item) => item.url === null).map((item) => item.path));
  const left = open.data?.filter((upload) => !isUnderWay(upload, mine, waiting)) ?? [];
  if (left.length === 0) return null;
  return (
    <section className={classes.interrupted} aria-label="Interrupted uploads">
      <Unplug size={18} aria-hidden className={classes.zoneIcon} />
      <div>
        <p className={classes.interruptedTitle}>
          {left.length === 1 ? "1 upload was" : `${plural(left.length, "upload")} were`} interrupted. Drop the
          same files again to go on where they stopped.
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
  );
}

function isUnderWay(upload: OpenUpload, urls: Set<string>, names: Set<string>): boolean {
  for (const url of urls) if (url.includes(upload.id)) return true;
  return names.has(upload.name);
}
