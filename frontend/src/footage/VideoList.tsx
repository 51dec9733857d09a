import { Button, SegmentedControl, Text, TextInput } from "@mantine/core";
import { Search } from "lucide-react";
import { useSearchParams } from "react-router";

import { useDeleteVideo } from "../api/queries/videos";
import type { Project, Video, VideoState } from "../api/types";
import { plural } from "../lib/format";
import { notifyError } from "../ui/notify";
import { may } from "../ui/projectContext";
import { VideoRow } from "./VideoRow";
import classes from "./footage.module.css";

const STATES: readonly VideoState[] = ["ready", "ingesting", "rejected"];
const NAMES: Record<VideoState, string> = { ready: "Ready", ingesting: "Being read", rejected: "Not usable" };

/** The footage of a project, to search and to filter; what is shown is in the address. */
export function VideoList({ videos, project }: { videos: readonly Video[]; project: Project }) {
  const [search, setSearch] = useSearchParams();
  const words = search.get("search") ?? "";
  const state = STATES.find((name) => name === search.get("state")) ?? null;
  const change = (name: string, value: string) =>
    setSearch(
      (old) => {
        const next = new URLSearchParams(old);
        if (value) next.set(name, value);
        else next.delete(name);
        return next;
      },
      { replace: true },
    );
  const shown = videos.filter(
    (video) =>
      (state === null || video.state === state) &&
      video.name.toLowerCase().includes(words.trim().toLowerCase()),
  );
  const twins = twinsOf(videos);
  const counted = STATES.filter((name) => name === state || videos.some((video) => video.state === name));
  return (
    <section aria-label="Videos">
      <div className={classes.tools}>
        <TextInput
          aria-label="Search by name"
          placeholder="Search by name"
          leftSection={<Search size={15} aria-hidden />}
          value={words}
          onChange={(event) => change("search", event.currentTarget.value)}
        />
        {counted.length > 1 && (
          <SegmentedControl
            aria-label="State"
            size="xs"
            value={state ?? ""}
            onChange={(value) => change("state", value)}
            data={[
              { value: "", label: `All ${videos.length}` },
              ...counted.map((name) => ({
                value: name,
                label: `${NAMES[name]} ${videos.filter((video) => video.state === name).length}`,
              })),
            ]}
          />
        )}
        {twins.size > 0 && may(project, "manager") && <RemoveTwins ids={[...twins.keys()]} />}
      </div>
      <ul className={classes.list}>
        {shown.map((video) => (
          <VideoRow
            key={video.id}
            video={video}
            project={project.id}
            manages={may(project, "manager")}
            twin={twins.get(video.id)}
          />
        ))}
        {shown.length === 0 && (
          <li className={classes.none}>
            <Text c="dimmed">No video matches. Clear the search or choose another state.</Text>
          </li>
        )}
      </ul>
    </section>
  );
}

/** Uploads of a file that is ready already: their ids, and the name of the one that stays. */
export function twinsOf(videos: readonly Video[]): Map<string, string> {
  const ready = new Map(
    videos
      .filter(({ state, sha256 }) => state === "ready" && sha256)
      .map(({ sha256, name }) => [sha256, name]),
  );
  const twins = new Map<string, string>();
  for (const { id, state, sha256 } of videos) {
    const name = state === "rejected" && sha256 ? ready.get(sha256) : undefined;
    if (name !== undefined) twins.set(id, name);
  }
  return twins;
}

function RemoveTwins({ ids }: { ids: readonly string[] }) {
  const remove = useDeleteVideo();
  const removeAll = async (): Promise<void> => {
    for (const id of ids) await remove.mutateAsync(id);
  };
  return (
    <Button
      size="xs"
      variant="default"
      loading={remove.isPending}
      onClick={() => void removeAll().catch((error: unknown) => notifyError(error))}
    >
      Take {plural(ids.length, "duplicate")} off the list
    </Button>
  );
}
