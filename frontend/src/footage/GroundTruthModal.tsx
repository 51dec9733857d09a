import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { FileText, FolderUp } from "lucide-react";
import { useRef, useState } from "react";

import {
  type ChosenVideos,
  type TruthFile,
  useGroundTruthImports,
  useImportGroundTruth,
  usePreviewGroundTruth,
} from "../api/queries/groundTruth";
import { useVideos } from "../api/queries/videos";
import type { Project } from "../api/types";
import { plural } from "../lib/format";
import { FormError } from "../ui/FormError";
import { notifyDone } from "../ui/notify";
import { LoadingState } from "../ui/states";
import { GroundTruthImports } from "./GroundTruthImports";
import { GroundTruthPreviewTable } from "./GroundTruthPreviewTable";
import classes from "./groundTruth.module.css";

/** From label files to known events: choose, look at what fits, import; and take an import back. */
export function GroundTruthModal(props: { project: Project; opened: boolean; close: () => void }) {
  const { project, opened, close } = props;
  const imports = useGroundTruthImports(project.id, opened);
  const preview = usePreviewGroundTruth(project.id);
  const store = useImportGroundTruth(project.id);
  const videos = useVideos(project.id);
  const [files, setFiles] = useState<readonly TruthFile[]>([]);
  const [chosen, setChosen] = useState<ChosenVideos>({});

  const look = (wanted: readonly TruthFile[], videos: ChosenVideos) => {
    if (wanted.length === 0) return;
    setFiles(wanted);
    setChosen(videos);
    store.reset();
    preview.mutate({ files: wanted, chosen: videos });
  };
  const reset = () => {
    setFiles([]);
    setChosen({});
    preview.reset();
    store.reset();
  };
  const confirm = (digest: string) =>
    store.mutate(
      { files, chosen, digest },
      {
        onSuccess: (made) => {
          notifyDone(`Known events of ${plural(made.videos, "video")} are in`);
          reset();
        },
      },
    );

  const found = preview.data;
  return (
    <Modal
      opened={opened}
      onClose={() => {
        reset();
        close();
      }}
      title="Ground truth"
      size="min(1080px, 100%)"
    >
      <Stack gap="md">
        <Text size="sm" c="dimmed">
          What is known to be abnormal measures runs; it is never used to learn or to propose. UCSD (.m),
          Avenue (.mat), ShanghaiTech (.npy), UCF-Crime and UBnormal (.txt), ActivityNet (.json), plain spans
          (.csv, .json) and pixel masks (.npz, or images in a folder named after their video) can be read,
          also from a zip.
        </Text>
        <Chooser onChoose={(wanted) => look(wanted, {})} />
        {preview.isPending && <LoadingState label="Looking at the files" />}
        <FormError error={preview.error ?? store.error} />
        {found && (
          <>
            <GroundTruthPreviewTable
              preview={found}
              videos={videos.data?.filter((video) => video.state === "ready") ?? []}
              chosen={chosen}
              onChoose={(name, video) => look(files, { ...chosen, [name]: video })}
            />
            <Group justify="flex-end" gap="xs">
              <Button variant="default" onClick={reset}>
                Choose others
              </Button>
              <Button
                disabled={found.ready === 0}
                loading={store.isPending}
                onClick={() => confirm(found.digest)}
              >
                {found.ready === 0 ? "Nothing fits" : `Import for ${plural(found.ready, "video")}`}
              </Button>
            </Group>
          </>
        )}
        {!found && imports.data && <GroundTruthImports project={project} imports={imports.data} />}
      </Stack>
    </Modal>
  );
}

function Chooser({ onChoose }: { onChoose: (files: readonly TruthFile[]) => void }) {
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const inputs = [
    { ref: files, label: "Ground-truth files", extra: {} },
    { ref: folder, label: "Folder of ground truth", extra: { webkitdirectory: "" } },
  ];
  return (
    <Group gap="xs">
      <Button
        variant="default"
        leftSection={<FileText size={15} aria-hidden />}
        onClick={() => files.current?.click()}
      >
        Choose files
      </Button>
      <Button
        variant="default"
        leftSection={<FolderUp size={15} aria-hidden />}
        onClick={() => folder.current?.click()}
      >
        Choose a folder of masks
      </Button>
      {inputs.map(({ ref, label, extra }) => (
        <input
          key={label}
          ref={ref}
          type="file"
          multiple
          className={classes.hidden}
          tabIndex={-1}
          aria-label={label}
          {...extra}
          onChange={(event) => {
            const chosen = Array.from(event.currentTarget.files ?? []);
            onChoose(chosen.map((file) => ({ file, path: file.webkitRelativePath || file.name })));
            event.currentTarget.value = "";
          }}
        />
      ))}
    </Group>
  );
}
