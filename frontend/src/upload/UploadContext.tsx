import { useQueryClient } from "@tanstack/react-query";
import {
  createContext,
  type ReactNode,
  useContext,
  useEffect,
  useMemo,
  useState,
  useSyncExternalStore,
} from "react";

import { useMe } from "../api/queries/session";
import { projectKeys } from "../api/queries/projects";
import { uploadKeys } from "../api/queries/uploads";
import { videoKeys } from "../api/queries/videos";
import type { OpenUpload } from "../api/types";
import { plural } from "../lib/format";
import { notifyDone } from "../ui/notify";
import { type UploadItem, UploadQueue } from "./queue";
import { ResumeStore } from "./resumeStore";
import { tusTransport } from "./transport";
import { WaitingStore } from "./waitingStore";

const UploadContext = createContext<UploadQueue | null>(null);

/** Holds the queue above the pages, so that uploads go on while one looks around. One for each person. */
export function UploadProvider({ children }: { children: ReactNode }) {
  const me = useMe();
  return (
    <UploadsOf key={me.id} user={me.id}>
      {children}
    </UploadsOf>
  );
}

function UploadsOf({ user, children }: { user: string; children: ReactNode }) {
  const client = useQueryClient();
  const [queue] = useState(() => makeQueue(user));

  useEffect(() => {
    const forgetArrivals = queue.onArrival(({ project, url }) => {
      // at once, or it would be taken for an interrupted one until the server is asked again
      client.setQueryData<OpenUpload[]>(uploadKeys.list(project), (open) =>
        open?.filter(({ id }) => !url?.includes(id)),
      );
      void client.invalidateQueries({ queryKey: videoKeys.all });
      void client.invalidateQueries({ queryKey: projectKeys.all });
      void client.invalidateQueries({ queryKey: uploadKeys.list(project) });
      const mine = queue.snapshot().filter((item) => item.project === project);
      if (mine.every(({ status }) => status === "done")) {
        queue.clear(project);
        notifyDone(
          `${plural(mine.length, "file")} uploaded. The server now reads what is in ${mine.length === 1 ? "it" : "them"}.`,
        );
      }
    });
    const warn = (event: BeforeUnloadEvent) => {
      if (queue.snapshot().some(({ status }) => status === "sending" || status === "waiting"))
        event.preventDefault();
    };
    window.addEventListener("beforeunload", warn);
    return () => {
      forgetArrivals();
      window.removeEventListener("beforeunload", warn);
      queue.stop();
    };
  }, [queue, client]);

  return <UploadContext value={queue}>{children}</UploadContext>;
}

function makeQueue(user: string): UploadQueue {
  const transport = tusTransport(new ResumeStore(window.localStorage, user));
  return new UploadQueue(transport, new WaitingStore(window.localStorage, user));
}

export function useUploadQueue(): UploadQueue {
  const queue = useContext(UploadContext);
  if (!queue) throw new Error("useUploadQueue outside of UploadProvider");
  return queue;
}

/** The files on their way, of one project or of all. */
export function useUploads(project?: string): readonly UploadItem[] {
  const queue = useUploadQueue();
  const all = useSyncExternalStore(queue.subscribe, queue.snapshot);
  return useMemo(() => (project ? all.filter((item) => item.project === project) : all), [all, project]);
}
