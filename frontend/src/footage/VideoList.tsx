import { SegmentedControl, Text, TextInput } from "@mantine/core";
import { Search } from "lucide-react";
import { useSearchParams } from "react-router";

import type { Project, Video, VideoState } from "../api/types";
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
      </div>
      <ul className={classes.list}>
        {shown.map((video) => (
          <VideoRow key={video.id} video={video} project={project.id} manages={may(project, "manager")} />
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
