import { ActionIcon, NativeSelect, Switch, Text, Textarea, TextInput, Tooltip } from "@mantine/core";
import { RotateCcw } from "lucide-react";
import { Fragment, useId } from "react";

import { allowed, type Drafts, parse, type Setting, toDraft } from "./settings";
import classes from "./runs.module.css";

type Change = (name: string, draft: string | boolean | undefined) => void;

/** A field for every setting of a detector; `preset` holds what each is worth untouched. */
export function SettingsForm(props: {
  settings: readonly Setting[];
  preset: Readonly<Record<string, unknown>>;
  drafts: Drafts;
  /** the server's objections, by setting */
  refused: Readonly<Record<string, string>>;
  onChange: Change;
}) {
  return (
    <div className={classes.settings}>
      {props.settings.map((setting, i) => (
        <Fragment key={setting.name}>
          {setting.group !== (props.settings[i - 1]?.group ?? "") && (
            <p className={classes.settingGroup}>{setting.group}</p>
          )}
          <SettingRow
            setting={setting}
            standard={toDraft(setting, props.preset[setting.name])}
            draft={props.drafts[setting.name]}
            refused={props.refused[setting.name]}
            onChange={props.onChange}
          />
        </Fragment>
      ))}
    </div>
  );
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
