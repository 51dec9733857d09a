import { ActionIcon, NativeSelect, Switch, Text, Textarea, TextInput, Tooltip } from "@mantine/core";
import { ChevronRight, RotateCcw } from "lucide-react";
import { useId } from "react";

import { plural } from "../lib/format";
import { allowed, type Drafts, groupsOf, overridesOf, parse, type Setting, toDraft } from "./settings";
import classes from "./runs.module.css";

type Change = (name: string, draft: string | boolean | undefined) => void;

type Form = {
  settings: readonly Setting[];
  preset: Readonly<Record<string, unknown>>;
  drafts: Drafts;
  /** the server's objections, by setting */
  refused: Readonly<Record<string, string>>;
  onChange: Change;
};

/** A field for every setting of a detector; `preset` holds what each is worth untouched. Groups fold but the first. */
export function SettingsForm(props: Form) {
  const groups = groupsOf(props.settings);
  return (
    <div className={classes.settings}>
      {groups.map(({ name, settings }, place) =>
        name === "" ? (
          <SettingRows key={name} {...props} settings={settings} />
        ) : (
          <SettingGroup key={name} {...props} name={name} settings={settings} opened={place === 0} />
        ),
      )}
    </div>
  );
}

function SettingGroup(props: Form & { name: string; opened: boolean }) {
  const { values, errors } = overridesOf(props.settings, props.preset, props.drafts);
  const changes = Object.keys(values).length;
  const wrong =
    Object.keys(errors).length + props.settings.filter(({ name }) => name in props.refused).length;
  return (
    <details className={classes.settingGroup} open={props.opened || wrong > 0 || undefined}>
      <summary>
        <ChevronRight size={14} aria-hidden /> {props.name}
        <span className={classes.settingCount}>{plural(props.settings.length, "setting")}</span>
        {changes > 0 && <span className={classes.changes}>{changes} changed</span>}
        {wrong > 0 && <span className={classes.wrong}>{wrong} to mend</span>}
      </summary>
      <SettingRows {...props} />
    </details>
  );
}

function SettingRows(props: Form) {
  return props.settings.map((setting) => (
    <SettingRow
      key={setting.name}
      setting={setting}
      standard={toDraft(setting, props.preset[setting.name])}
      draft={props.drafts[setting.name]}
      refused={props.refused[setting.name]}
      onChange={props.onChange}
    />
  ));
}

function SettingRow(props: {
  setting: Setting;
  standard: string | boolean;
  draft: string | boolean | undefined;
  refused: string | undefined;
  onChange: Change;
}) {
  const { setting, standard, draft } = props;
  const id = useId();
  const changed = draft !== undefined && draft !== standard;
  const parsed = draft === undefined ? null : parse(setting, draft);
  const error = parsed && !parsed.ok ? parsed.error : changed ? props.refused : undefined;
  // a choice shows by itself what there is to choose
  const range = setting.kind === "choice" ? "" : allowed(setting);
  return (
    <div className={classes.setting} data-changed={changed || undefined}>
      <div>
        <label htmlFor={id} className={classes.settingLabel}>
          {setting.label}
        </label>
        <Text size="sm" c="dimmed" id={`${id}-about`}>
          {setting.description}
        </Text>
        <Text size="xs" c="dimmed" mt={2}>
          {[
            range,
            `Preset: ${typeof standard === "boolean" ? (standard ? "on" : "off") : standard || "none"}`,
          ]
            .filter(Boolean)
            .join(". ")}
        </Text>
      </div>
      <div className={classes.settingField}>
        <SettingInput
          id={id}
          setting={setting}
          value={draft ?? standard}
          error={error}
          onChange={(value) => props.onChange(setting.name, value)}
        />
        <Tooltip label="Back to the preset's value" disabled={!changed}>
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={`Reset ${setting.label}`}
            style={{ visibility: changed ? "visible" : "hidden" }}
            onClick={() => props.onChange(setting.name, undefined)}
          >
            <RotateCcw size={15} aria-hidden />
          </ActionIcon>
        </Tooltip>
      </div>
    </div>
  );
}

function SettingInput(props: {
  id: string;
  setting: Setting;
  value: string | boolean;
  error: string | undefined;
  onChange: (value: string | boolean) => void;
}) {
  const { id, setting, value, error, onChange } = props;
  if (typeof value === "boolean") {
    return (
      <Switch
        id={id}
        checked={value}
        error={error}
        aria-describedby={`${id}-about`}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
    );
  }
  const shared = { id, error, value, "aria-describedby": `${id}-about`, style: { flex: 1 } };
  if (setting.kind === "choice") {
    const empty = setting.nullable ? [{ value: "", label: "none" }] : [];
    return (
      <NativeSelect
        {...shared}
        data={[
          ...empty,
          ...setting.choices.map((choice) => ({ value: String(choice), label: String(choice) })),
        ]}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
    );
  }
  if (setting.kind === "json") {
    return (
      <Textarea {...shared} autosize minRows={1} onChange={(event) => onChange(event.currentTarget.value)} />
    );
  }
  const numeric = setting.kind === "integer" ? "numeric" : setting.kind === "number" ? "decimal" : "text";
  return (
    <TextInput
      {...shared}
      inputMode={numeric}
      autoComplete="off"
      spellCheck={false}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}
