import { ActionIcon, SegmentedControl, Select, TextInput } from "@mantine/core";
import { ListFilter, Search } from "lucide-react";
import { useState } from "react";

import { useMembers } from "../api/queries/members";
import type { SegmentOrder, SegmentState } from "../api/types";
import { formatCount } from "../lib/format";
import { useStore } from "../lib/store";
import { leaveField } from "./keymap";
import classes from "./queue.module.css";
import { useReviewSession } from "./session";
import { change, type DeskSettings } from "./settings";

const ORDERS: { value: SegmentOrder; label: string }[] = [
  { value: "score", label: "Most anomalous" },
  { value: "fused", label: "All detectors together" },
  { value: "uncertain", label: "Most uncertain" },
  { value: "threshold", label: "Near the threshold" },
  { value: "disagree", label: "Detectors disagree" },
  { value: "diverse", label: "One of each kind" },
  { value: "time", label: "By time" },
  { value: "newest", label: "Newest footage" },
];

/** Which items the queue holds, and in what order. */
export function QueueFilters() {
  const { tools, queue } = useReviewSession();
  const settings = useStore(tools.settings, (value) => value);
  const set = (changed: Partial<DeskSettings>): void => change(tools.settings, changed);
  const { label, reviewer } = queue.narrow;
  const narrowed = label !== null || reviewer !== null;
  const [open, setOpen] = useState(narrowed);
  const count = (left: number | null): string => (left === null ? "" : ` ${formatCount(left)}`);
  return (
    <div className={classes.filters}>
      <SegmentedControl
        size="xs"
        fullWidth
        aria-label="Whose items"
        value={settings.scope}
        onChange={(scope) => set({ scope: scope as DeskSettings["scope"] })}
        data={[
          { value: "run", label: `All videos${count(queue.left)}` },
          { value: "video", label: `This video${count(queue.leftHere)}` },
        ]}
      />
      <div className={classes.row}>
        <Select
          size="xs"
          aria-label="Order"
          data={ORDERS}
          value={settings.order}
          allowDeselect={false}
          onChange={(order) => {
            leaveField();
            if (order) set({ order: order as SegmentOrder });
          }}
        />
        <Select
          size="xs"
          aria-label="Which items"
          data={[
            { value: "open", label: "Open" },
            { value: "decided", label: "Decided" },
            { value: "unsure", label: "Second look" },
            { value: "conflict", label: "In conflict" },
            { value: "suspect", label: "Suspected mistakes" },
            { value: "all", label: "All" },
          ]}
          value={settings.state}
          allowDeselect={false}
          onChange={(state) => {
            leaveField();
            if (state) set({ state: state as SegmentState });
          }}
        />
        <ActionIcon
          variant={narrowed ? "light" : "subtle"}
          color={narrowed ? "petrol" : "gray"}
          size={30}
          aria-expanded={open}
          aria-label={narrowed ? "Filters: some are set" : "Filters by label and reviewer"}
          title="Filter by label and reviewer"
          onClick={() => setOpen(!open)}
        >
          <ListFilter size={15} aria-hidden />
        </ActionIcon>
      </div>
      {open && <ByPeople />}
      {settings.scope === "run" && (
        <TextInput
          size="xs"
          id="queue-search"
          aria-label="Search by the name of the video"
          placeholder="Search by video  ( / )"
          leftSection={<Search size={13} aria-hidden />}
          value={queue.search}
          onChange={(event) => queue.setSearch(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key !== "Escape" && event.key !== "Enter") return;
            event.stopPropagation();
            if (event.key === "Escape") queue.setSearch("");
            event.currentTarget.blur();
          }}
        />
      )}
    </div>
  );
}

/** What people said: accepted with a label, decided by somebody. */
function ByPeople() {
  const { project, queue } = useReviewSession();
  const { data: members = [] } = useMembers(project.id);
  const { label, reviewer } = queue.narrow;
  return (
    <div className={classes.halves}>
      <Select
        size="xs"
        aria-label="With the label"
        placeholder="Any label"
        clearable
        data={project.labels.map(({ name }) => name)}
        value={label}
        onChange={(name) => {
          leaveField();
          queue.setNarrow({ label: name, reviewer });
        }}
      />
      <Select
        size="xs"
        aria-label="Decided by"
        placeholder="By anybody"
        clearable
        data={members.map(({ user, username, display_name }) => ({
          value: user,
          label: display_name || username,
        }))}
        value={reviewer}
        onChange={(user) => {
          leaveField();
          queue.setNarrow({ label, reviewer: user });
        }}
      />
    </div>
  );
}
