import { ActionIcon, Menu, Select, Tooltip } from "@mantine/core";
import { Keyboard, Link2, Settings } from "lucide-react";
import { useNavigate } from "react-router";

import { useVideos } from "../api/queries/videos";
import { formatCount } from "../lib/format";
import { paths } from "../lib/paths";
import { useStore } from "../lib/store";
import { runName, STAGE_NAMES } from "../runs/names";
import { TeachHere } from "../teaching/TeachHere";
import classes from "./desk.module.css";
import { copyLink } from "./copyLink";
import { leaveField } from "./keymap";
import { SavedMark } from "./SavedMark";
import { useReviewSession } from "./session";
import { change, type DeskSettings } from "./settings";

/** Which video and run, how much is left, what the desk does by itself. */
export function DeskHeader() {
  const { tools, queue, run, project } = useReviewSession();
  return (
    <div className={classes.header}>
      <VideoPicker />
      <RunPicker />
      <div className={classes.headerEnd}>
        {run && queue.left !== null && (
          <span className={classes.left} data-testid="left">
            <b>{formatCount(queue.left)}</b> left
            {queue.leftHere !== null && (
              <span className={classes.dim}> · {formatCount(queue.leftHere)} here</span>
            )}
          </span>
        )}
        <SavedMark />
        <TeachHere project={project} icon />
        <Tooltip label="Copy a link to this view (Shift C)">
          <ActionIcon
            variant="subtle"
            color="gray"
            size={28}
            aria-label="Copy a link to this view"
            onClick={() => copyLink(tools)}
          >
            <Link2 size={17} aria-hidden />
          </ActionIcon>
        </Tooltip>
        <Habits />
        <Tooltip label="Keys (?)">
          <ActionIcon
            variant="subtle"
            color="gray"
            size={28}
            aria-label="Keys"
            onClick={() => tools.help.set(true)}
          >
            <Keyboard size={17} aria-hidden />
          </ActionIcon>
        </Tooltip>
      </div>
    </div>
  );
}

function VideoPicker() {
  const { video, project, run } = useReviewSession();
  const { data } = useVideos(project.id);
  const navigate = useNavigate();
  const ready = (data ?? [video]).filter((one) => one.state === "ready");
  return (
    <Select
      size="xs"
      w={250}
      searchable
      aria-label="Video"
      value={video.id}
      allowDeselect={false}
      nothingFoundMessage="No video of that name"
      data={ready.map((one) => ({ value: one.id, label: one.name }))}
      renderOption={({ option }) => {
        const left = ready.find((one) => one.id === option.value)?.to_review ?? 0;
        return (
          <span className={classes.option}>
            <span>{option.label}</span>
            {left > 0 && <span className={classes.dim}>{formatCount(left)} left</span>}
          </span>
        );
      }}
      onChange={(id) => {
        leaveField();
        if (id && id !== video.id) void navigate(paths.review(project.id, id, { run: run?.id ?? null }));
      }}
    />
  );
}

function RunPicker() {
  const { runs, run, video, chooseRun } = useReviewSession();
  const scored = runs.filter(
    (one) => one.id === run?.id || one.videos.some((row) => row.video === video.id && row.scores),
  );
  if (scored.length === 0) return null;
  const label = (one: (typeof scored)[number]): string =>
    one.stage === "done" ? runName(one) : `${runName(one)} · ${STAGE_NAMES[one.stage].toLowerCase()}`;
  if (scored.length === 1 && run) return <span className={classes.run}>{label(run)}</span>;
  return (
    <Select
      size="xs"
      w={270}
      aria-label="Run"
      value={run?.id ?? null}
      allowDeselect={false}
      data={scored.map((one) => ({ value: one.id, label: label(one) }))}
      onChange={(id) => {
        leaveField();
        if (id && id !== run?.id) chooseRun(id);
      }}
    />
  );
}

const OPENS: { value: DeskSettings["opens"]; label: string }[] = [
  { value: "peak", label: "shows its peak" },
  { value: "start", label: "shows its start" },
  { value: "play", label: "plays" },
];
const ZOOMS: { value: DeskSettings["zoom"]; label: string }[] = [
  { value: "keep", label: "keeps its zoom" },
  { value: "item", label: "zooms to the item" },
  { value: "fit", label: "shows the whole video" },
];

/** What the desk does when an item is decided or opened. */
function Habits() {
  const { tools } = useReviewSession();
  const settings = useStore(tools.settings, (value) => value);
  return (
    <Menu position="bottom-end" width={240} closeOnItemClick={false}>
      <Menu.Target>
        <ActionIcon
          variant="subtle"
          color="gray"
          size={28}
          aria-label="How the desk behaves"
          title="How the desk behaves"
        >
          <Settings size={16} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.CheckboxItem
          checked={settings.advance}
          onChange={(advance) => change(tools.settings, { advance })}
        >
          Go on after a decision
        </Menu.CheckboxItem>
        <Menu.Divider />
        <Menu.Label>An item that opens</Menu.Label>
        <Menu.RadioGroup
          value={settings.opens}
          onChange={(opens) => change(tools.settings, { opens: opens as DeskSettings["opens"] })}
        >
          {OPENS.map(({ value, label }) => (
            <Menu.RadioItem key={value} value={value}>
              {label}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
        <Menu.Label>The timeline then</Menu.Label>
        <Menu.RadioGroup
          value={settings.zoom}
          onChange={(zoom) => change(tools.settings, { zoom: zoom as DeskSettings["zoom"] })}
        >
          {ZOOMS.map(({ value, label }) => (
            <Menu.RadioItem key={value} value={value}>
              {label}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
      </Menu.Dropdown>
    </Menu>
  );
}
