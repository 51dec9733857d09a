import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api } from "../client";
import type { GroundTruthImport, GroundTruthPreview, Uuid } from "../types";
import { runKeys } from "./runs";
import { videoKeys } from "./videos";

/** A file and where it lies in the folder that was chosen. */
export type TruthFile = { file: File; path: string };
/** The name in a file -> the video that a person picked for it. */
export type ChosenVideos = Readonly<Record<string, Uuid>>;
type Question = { files: readonly TruthFile[]; chosen: ChosenVideos };

const keys = { list: (project: Uuid) => ["ground-truth", project] as const };

const address = (project: Uuid, rest = "") => `/api/projects/${project}/ground-truth/${rest}`;

function formOf({ files, chosen }: Question, digest = ""): FormData {
  const form = new FormData();
  for (const { file } of files) form.append("files", file);
  form.append("paths", files.map(({ path }) => path.replace(/[\r\n]/g, " ")).join("\n"));
  if (Object.keys(chosen).length > 0) form.append("chosen", JSON.stringify(chosen));
  if (digest) form.append("digest", digest);
  return form;
}

export function useGroundTruthImports(project: Uuid, enabled: boolean) {
  return useQuery({
    queryKey: keys.list(project),
    queryFn: ({ signal }) => api.get<GroundTruthImport[]>(address(project), { signal }),
    enabled,
  });
}

export function usePreviewGroundTruth(project: Uuid) {
  return useMutation({
    mutationFn: (question: Question) =>
      api.form<GroundTruthPreview>(address(project, "preview/"), formOf(question)),
  });
}

export function useImportGroundTruth(project: Uuid) {
  const changed = useChanged(project);
  return useMutation({
    mutationFn: ({ digest, ...question }: Question & { digest: string }) =>
      api.form<GroundTruthImport>(address(project), formOf(question, digest)),
    // not waited for: what is imported is imported, and is said at once
    onSuccess: () => void changed(),
  });
}

export function useUndoGroundTruth(project: Uuid) {
  const changed = useChanged(project);
  return useMutation({
    mutationFn: (id: Uuid) => api.delete(address(project, `${id}/`)),
    onSuccess: changed,
  });
}

/** The events of videos changed, and with them what runs are measured against. */
function useChanged(project: Uuid) {
  const client = useQueryClient();
  return () =>
    Promise.all([
      client.invalidateQueries({ queryKey: keys.list(project) }),
      client.invalidateQueries({ queryKey: videoKeys.all }),
      client.invalidateQueries({ queryKey: runKeys.all }),
    ]);
}
