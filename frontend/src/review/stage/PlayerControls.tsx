import { ActionIcon, Menu, Slider, Tooltip } from "@mantine/core";
import {
  ChevronFirst,
  ChevronLast,
  EyeOff,
  Flame,
  Gauge,
  Maximize,
  Pause,
  PersonStanding,
  Play,
  Repeat,
} from "lucide-react";
import type { ReactNode } from "react";

import type { HeatmapMeta } from "../../api/types";
import { formatScore } from "../../lib/format";
import { useStore } from "../../lib/store";
import { heatGradient } from "../colormap";
import { showChord } from "../keymap";
import { nextSpeed, SPEEDS } from "../player";
import { useReviewSession } from "../session";
import { change } from "../settings";
import { say, type Tools } from "../tools";
import classes from "./controls.module.css";
import { Readout } from "./Readout";

/** Below the picture: play and step, speed, loop, what lies over the picture. Each says its key. */
export function PlayerControls({ onFullScreen }: { onFullScreen: () => void }) {
  const { tools } = useReviewSession();
  const playing = useStore(tools.clock, (clock) => clock.playing);
  const loop = useStore(tools.settings, (settings) => settings.loop);
  const privacy = useStore(tools.privacy, (on) => on);
  return (
    <div className={classes.controls}>
      <Control label="One frame back" chord="," onClick={() => tools.player.step(-1)}>
        <ChevronFirst size={17} />
      </Control>
      <Control label={playing ? "Pause" : "Play"} chord="Space" onClick={() => tools.player.toggle()}>
        {playing ? <Pause size={17} /> : <Play size={17} />}
      </Control>
      <Control label="One frame forward" chord="." onClick={() => tools.player.step(1)}>
        <ChevronLast size={17} />
      </Control>
      <Speed tools={tools} />
      <Control
        label={loop ? "Looping the item" : "Loop the item"}
        chord="L"
        pressed={loop}
        onClick={() => change(tools.settings, { loop: !loop })}
      >
        <Repeat size={16} />
      </Control>
      <Readout />
      <div className={classes.right}>
        <Heat />
        <People />
        <Control
          label={privacy ? "Show the picture" : "Privacy view: blur the picture"}
          chord="X"
          pressed={privacy}
          onClick={() => tools.privacy.set(!privacy)}
        >
          <EyeOff size={16} />
        </Control>
        <Control label="Full screen" chord="F" onClick={onFullScreen}>
          <Maximize size={16} />
        </Control>
      </div>
    </div>
  );
}

function Control(props: {
  label: string;
  chord: string;
  pressed?: boolean;
  onClick: () => void;
  children: ReactNode;
}) {
  const { label, chord, pressed } = props;
  return (
    <Tooltip label={`${label} (${showChord(chord)})`}>
      <ActionIcon
        variant={pressed ? "light" : "subtle"}
        color={pressed ? "petrol" : "gray"}
        size={30}
        aria-label={label}
        aria-pressed={pressed}
        onClick={props.onClick}
      >
        {props.children}
      </ActionIcon>
    </Tooltip>
  );
}

export function setSpeed(tools: Tools, speed: number): void {
  tools.player.setSpeed(speed);
  change(tools.settings, { speed });
  say(tools, `Speed ${speed}×`);
}

export function changeSpeed(tools: Tools, direction: 1 | -1): void {
  setSpeed(tools, nextSpeed(tools.settings.get().speed, direction));
}

function Speed({ tools }: { tools: Tools }) {
  const speed = useStore(tools.settings, (settings) => settings.speed);
  return (
    <Menu position="top" width={110} withinPortal={false}>
      <Menu.Target>
        <button
          type="button"
          className={classes.speed}
          aria-label={`Speed ${speed} times`}
          title="Speed (+ − 0)"
        >
          <Gauge size={15} aria-hidden /> {speed}×
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {SPEEDS.map((one) => (
          <Menu.Item key={one} fw={one === speed ? 700 : 400} onClick={() => setSpeed(tools, one)}>
            {one}×
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

/** Boxes and skeletons, where the run knows people. */
function People() {
  const { run, video, tools } = useReviewSession();
  const people = useStore(tools.settings, (settings) => settings.people);
  if (!run?.videos.some((one) => one.video === video.id && one.people)) return null;
  return (
    <Control
      label={people ? "Hide boxes and skeletons" : "Show boxes and skeletons"}
      chord="B"
      pressed={people}
      onClick={() => change(tools.settings, { people: !people })}
    >
      <PersonStanding size={16} />
    </Control>
  );
}

/** The heatmap's switch, strength and scale; without maps it says why there are none. */
function Heat() {
  const { run, video, tools } = useReviewSession();
  const { heatmap, opacity } = useStore(tools.settings, (settings) => settings);
  if (!run || !video.sees_footage) return null;
  const meta = run.videos.find((one) => one.video === video.id)?.heatmap;
  if (!meta) {
    return (
      <span
        className={classes.note}
        title="This detector does not say where in the picture, or is not done yet"
      >
        no heatmap
      </span>
    );
  }
  return (
    <div className={classes.heat}>
      <Control
        label={heatmap ? "Hide the heatmap" : "Show the heatmap"}
        chord="H"
        pressed={heatmap}
        onClick={() => change(tools.settings, { heatmap: !heatmap })}
      >
        <Flame size={16} />
      </Control>
      <Slider
        className={classes.opacity ?? ""}
        size="xs"
        min={0.1}
        max={1}
        step={0.05}
        value={opacity}
        disabled={!heatmap}
        label={(value) => `${Math.round(value * 100)} %`}
        thumbLabel="Strength of the heatmap"
        onChange={(value) => change(tools.settings, { opacity: value })}
      />
      <HeatScale meta={meta} disabled={!heatmap} />
    </div>
  );
}

/** What full colour stands for, and where on the scale the run's own lies. */
function HeatScale({ meta, disabled }: { meta: HeatmapMeta; disabled: boolean }) {
  const { tools } = useReviewSession();
  const scale = useStore(tools.settings, (settings) => settings.heatScale);
  const top = meta.low + ((meta.high - meta.low) * (meta.top ?? 255)) / 255;
  const ends = { run: formatScore(meta.high), video: formatScore(top), frame: "its highest" }[scale];
  const choices: { value: typeof scale; label: string; about: string }[] = [
    {
      value: "run",
      label: "The whole run",
      about: `Full colour at ${formatScore(meta.high)}, in every video: to compare them`,
    },
    {
      value: "video",
      label: "This video",
      about: `Full colour at ${formatScore(top)}: where one odd clip makes the others look empty`,
    },
    {
      value: "frame",
      label: "Each frame",
      about: "The strongest place is always red, however usual it is",
    },
  ];
  return (
    <Menu position="top-end" width={300} withinPortal={false}>
      <Menu.Target>
        <button type="button" className={classes.scale} disabled={disabled} title="Scale of the heatmap">
          <span className="visually-hidden">
            Scale of the heatmap: {choices.find((one) => one.value === scale)?.label.toLowerCase()},
          </span>
          <span>{formatScore(meta.low)}</span>
          <span className={classes.gradient} style={{ backgroundImage: heatGradient() }} />
          <span>{ends}</span>
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Scale of the heatmap</Menu.Label>
        {choices.map(({ value, label, about }) => (
          <Menu.Item
            key={value}
            disabled={value === "video" && meta.top === undefined}
            fw={value === scale ? 700 : 400}
            onClick={() => change(tools.settings, { heatScale: value })}
          >
            {label}
            <span className={classes.about}>{about}</span>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
