import { Button, Group } from "@mantine/core";
import { FolderUp, Upload } from "lucide-react";
import { type DragEvent, type RefObject, useEffect, useId, useRef, useState } from "react";

import { notifyError } from "../ui/notify";
import { fromDrop, fromInput, type Selection } from "./files";
import classes from "./upload.module.css";

/** Where footage goes in: drop files or whole folders, or choose them. `large` while there is nothing else to see. */
export function DropZone({ onSelect, large }: { onSelect: (selection: Selection) => void; large: boolean }) {
  const [over, setOver] = useState(false);
  const depth = useRef(0);
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const hint = useId();

  useEffect(() => {
    // a drop beside the zone would make the browser leave the app and play the file
    const stay = (event: globalThis.DragEvent) => event.preventDefault();
    window.addEventListener("dragover", stay);
    window.addEventListener("drop", stay);
    return () => {
      window.removeEventListener("dragover", stay);
      window.removeEventListener("drop", stay);
    };
  }, []);

  const enter = (by: number) => {
    depth.current += by;
    setOver(depth.current > 0);
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    depth.current = 0;
    setOver(false);
    fromDrop(event.dataTransfer).then(onSelect, (error: unknown) =>
      notifyError(error, "The dropped files could not be read"),
    );
  };

  return (
    <div
      className={classes.zone}
      data-over={over || undefined}
      data-large={large || undefined}
      onDragEnter={() => enter(1)}
      onDragLeave={() => enter(-1)}
      onDragOver={(event) => {
        event.preventDefault();
        event.dataTransfer.dropEffect = "copy";
      }}
      onDrop={drop}
    >
      <Upload size={large ? 30 : 22} strokeWidth={1.5} aria-hidden className={classes.zoneIcon} />
      <div className={classes.zoneText}>
        <p className={classes.zoneTitle}>{over ? "Let go to upload" : "Drop videos or whole folders here"}</p>
        <p className={classes.zoneHint} id={hint}>
          MP4, MOV, MKV, WebM, AVI or GIF. Uploads go on after a lost connection, a reload or a server
          restart.
        </p>
      </div>
      <Group gap="xs" wrap="nowrap">
        <Button
          variant={large ? "filled" : "default"}
          aria-describedby={hint}
          onClick={() => files.current?.click()}
        >
          Choose files
        </Button>
        <Button
          variant="default"
          leftSection={<FolderUp size={15} aria-hidden />}
          aria-describedby={hint}
          onClick={() => folder.current?.click()}
        >
          Choose a folder
        </Button>
      </Group>
      <FileInput ref={files} label="Video files" onSelect={onSelect} />
      <FileInput ref={folder} label="Folder of videos" onSelect={onSelect} folder />
    </div>
  );
}

function FileInput({
  ref,
  label,
  folder,
  onSelect,
}: {
  ref: RefObject<HTMLInputElement | null>;
  label: string;
  folder?: boolean;
  onSelect: (selection: Selection) => void;
}) {
  return (
    <input
      ref={ref}
      type="file"
      multiple
      hidden
      tabIndex={-1}
      aria-label={label}
      {...(folder ? { webkitdirectory: "" } : {})}
      onChange={(event) => {
        onSelect(fromInput(event.currentTarget.files ?? []));
        // choosing the same file again must count as a change
        event.currentTarget.value = "";
      }}
    />
  );
}
