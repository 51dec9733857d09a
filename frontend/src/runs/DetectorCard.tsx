import { Checkbox, SegmentedControl, Text } from "@mantine/core";
import { ChevronRight, PackageX } from "lucide-react";
import { useId, useMemo } from "react";

import type { Detector } from "../api/types";
import { humanize, plural } from "../lib/format";
import { type Choice, missingWeights, overridesFor, presetOf } from "./plan";
import { readSettings } from "./settings";
import { SettingsForm } from "./SettingsForm";
import classes from "./runs.module.css";

/** A detector to tick; ticked, it shows its presets and, folded, its settings. */
export function DetectorCard(props: {
  detector: Detector;
  choice: Choice | null;
  refused: Readonly<Record<string, string>>;
  onToggle: () => void;
  onChange: (choice: Choice) => void;
}) {
  const { detector, choice } = props;
  const id = useId();
  return (
    <div className={classes.detector} data-chosen={choice !== null || undefined}>
      <Checkbox
        checked={choice !== null}
        onChange={props.onToggle}
        label={detector.title}
        aria-describedby={id}
        classNames={{ label: classes.detectorName ?? "" }}
      />
      <div className={classes.detectorBody}>
        {detector.recommended && (
          <p className={classes.recommended}>
            <strong>Begin with this one.</strong> {detector.recommended}
          </p>
        )}
        <Text size="sm" id={id}>
          {detector.summary}
        </Text>
        <details className={classes.fold}>
          <summary>
            <ChevronRight size={14} aria-hidden /> What it sees and misses
          </summary>
          <div className={classes.sees}>
            <div>
              <h3>Sees</h3>
              <ul>
                {detector.sees.map((sentence) => (
                  <li key={sentence}>{sentence}</li>
                ))}
              </ul>
            </div>
            <div>
              <h3>Misses</h3>
              <ul>
                {detector.misses.map((sentence) => (
                  <li key={sentence}>{sentence}</li>
                ))}
              </ul>
            </div>
          </div>
          <Text size="xs" c="dimmed" mt={6}>
            {detector.paper}
          </Text>
        </details>
        {choice && <Chosen {...props} choice={choice} />}
      </div>
    </div>
  );
}

function Chosen(props: {
  detector: Detector;
  choice: Choice;
  refused: Readonly<Record<string, string>>;
  onChange: (choice: Choice) => void;
}) {
  const { detector, choice, onChange } = props;
  const settings = useMemo(() => readSettings(detector.schema), [detector.schema]);
  const preset = presetOf(detector, choice);
  const { values, errors } = overridesFor(detector, choice);
  const missing = missingWeights(detector, choice);
  const able = detector.presets.some(({ weights_missing }) => weights_missing.length === 0);
  const changes = Object.keys(values).length;
  const wrong = Object.keys(errors).length + Object.keys(props.refused).length;
  return (
    <>
      <div className={classes.preset}>
        <SegmentedControl
          size="xs"
          aria-label={`Preset of ${detector.title}`}
          value={preset?.name ?? ""}
          onChange={(name) => onChange({ ...choice, preset: name })}
          data={detector.presets.map(({ name }) => ({ value: name, label: humanize(name) }))}
        />
        <Text size="sm" c="dimmed">
          {preset?.description}
        </Text>
      </div>
      {missing.length > 0 && (
        <p className={classes.missing}>
          <PackageX size={16} aria-hidden />
          <span>
            {able ? "This preset" : "This detector"} needs pretrained files that are not on this server:{" "}
            {missing.join(", ")}. Choose another {able ? "preset" : "detector"}, or have whoever runs the
            server get them, in one of two ways: run{" "}
            {missing.map((name, n) => (
              <span key={name}>
                {n > 0 && " and "}
                <code>python -m detectors.weights fetch {name}</code>
              </span>
            ))}{" "}
            (with <code>list</code> it shows where each comes from, and its licence), or let{" "}
            <code>VADREVIEW_WEIGHTS</code> name a folder that holds them.
          </span>
        </p>
      )}
      <details className={classes.fold} open={Object.keys(props.refused).length > 0 || undefined}>
        <summary>
          <ChevronRight size={14} aria-hidden /> {plural(settings.length, "setting")}
          {changes > 0 && <span className={classes.changes}>{changes} changed</span>}
          {wrong > 0 && <span className={classes.wrong}>{wrong} to mend</span>}
        </summary>
        <SettingsForm
          settings={settings}
          preset={preset?.config ?? {}}
          drafts={choice.drafts}
          refused={props.refused}
          onChange={(name, draft) => {
            const drafts = Object.fromEntries(
              Object.entries(choice.drafts).filter(([held]) => held !== name),
            );
            onChange({ ...choice, drafts: draft === undefined ? drafts : { ...drafts, [name]: draft } });
          }}
        />
      </details>
    </>
  );
}
