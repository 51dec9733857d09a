/** A detector's settings, from the JSON schema of its configuration: what a form shows, and what it may send. */

import type { JsonSchema } from "../api/jsonSchema";
import { humanize } from "../lib/format";

export type SettingKind = "integer" | "number" | "boolean" | "choice" | "text" | "numbers" | "json";

export type Setting = {
  name: string;
  label: string;
  description: string;
  /** what the detector files it under, or empty */
  group: string;
  kind: SettingKind;
  /** may be left empty, which sends null */
  nullable: boolean;
  choices: readonly (string | number | boolean)[];
  minimum: number | null;
  maximum: number | null;
  /** the minimum, or the maximum, itself is not allowed */
  open: { below: boolean; above: boolean };
  step: number | null;
  /** numbers: how many, and whether each must be whole */
  items: { least: number; most: number | null; whole: boolean };
};

/** What a person typed, by setting. Settings that nobody touched are not in it. */
export type Drafts = Readonly<Record<string, string | boolean>>;

export type Parsed = { ok: true; value: unknown } | { ok: false; error: string };

export function readSettings(schema: JsonSchema): Setting[] {
  return Object.entries(schema.properties ?? {}).map(([name, property]) =>
    readSetting(name, property, schema),
  );
}

function readSetting(name: string, property: JsonSchema, root: JsonSchema): Setting {
  const { core, nullable } = unwrap(property, root);
  const numeric = core.type === "integer" || core.type === "number";
  const inner = core.items ?? core.prefixItems?.[0];
  return {
    name,
    label: humanize(name),
    description: property.description ?? core.description ?? "",
    group: typeof property.group === "string" ? property.group : "",
    kind: kindOf(core),
    nullable,
    choices: choicesOf(core),
    minimum: numeric ? (core.minimum ?? core.exclusiveMinimum ?? null) : null,
    maximum: numeric ? (core.maximum ?? core.exclusiveMaximum ?? null) : null,
    open: {
      below: core.minimum === undefined && core.exclusiveMinimum !== undefined,
      above: core.maximum === undefined && core.exclusiveMaximum !== undefined,
    },
    step: core.multipleOf ?? null,
    items: {
      least: core.minItems ?? core.prefixItems?.length ?? 0,
      most: core.maxItems ?? core.prefixItems?.length ?? null,
      whole: inner?.type === "integer",
    },
  };
}

/** Follow $ref and take "X or null" apart. */
function unwrap(property: JsonSchema, root: JsonSchema): { core: JsonSchema; nullable: boolean } {
  const known = property.$ref ? (root.$defs?.[property.$ref.split("/").at(-1) ?? ""] ?? property) : property;
  const either = known.anyOf ?? (known.allOf?.length === 1 ? known.allOf : undefined);
  if (either) {
    const others = either.filter((option) => option.type !== "null");
    const only = others[0];
    const nullable = others.length < either.length;
    // several kinds of value: no field of its own suits, it is edited as JSON
    return { core: others.length === 1 && only ? unwrap(only, root).core : {}, nullable };
  }
  return { core: known, nullable: false };
}

function kindOf(core: JsonSchema): SettingKind {
  if (core.enum) return "choice";
  if (core.type === "integer" || core.type === "number" || core.type === "boolean") return core.type;
  if (core.type === "string") return "text";
  const inner = core.prefixItems ?? (core.items ? [core.items] : []);
  const plain = inner.length > 0 && inner.every(({ type }) => type === "integer" || type === "number");
  return core.type === "array" && plain ? "numbers" : "json";
}

function choicesOf(core: JsonSchema): Setting["choices"] {
  const isPlain = (value: unknown): value is string | number | boolean =>
    value !== null && typeof value !== "object";
  return (core.enum ?? []).filter(isPlain);
}

/** The settings by their groups, each where its first setting is. */
export function groupsOf(settings: readonly Setting[]): { name: string; settings: Setting[] }[] {
  const groups = new Map<string, Setting[]>();
  for (const setting of settings) groups.set(setting.group, [...(groups.get(setting.group) ?? []), setting]);
  return [...groups].map(([name, held]) => ({ name, settings: held }));
}

/** A value as the field shows it. */
export function toDraft(setting: Setting, value: unknown): string | boolean {
  if (setting.kind === "boolean") return value === true;
  if (value === null || value === undefined) return "";
  if (setting.kind === "numbers" && Array.isArray(value)) return value.join(", ");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** What is allowed, in words: "Whole number from 32 to 256, in steps of 16". */
export function allowed(setting: Setting): string {
  switch (setting.kind) {
    case "integer":
    case "number":
      return [setting.kind === "integer" ? "Whole number" : "Number", bounds(setting)]
        .filter(Boolean)
        .join(" ");
    case "numbers": {
      const { least, most, whole } = setting.items;
      const count =
        most === least ? String(least) : most === null ? `${least} or more` : `${least} to ${most}`;
      return `${count} ${whole ? "whole numbers" : "numbers"}, with commas between them`;
    }
    case "choice":
      return `One of ${setting.choices.join(", ")}`;
    case "json":
      return "A value in JSON";
    case "text":
    case "boolean":
      return "";
  }
}

function bounds({ minimum, maximum, open, step }: Setting): string {
  const steps = step === null ? "" : `, in steps of ${step}`;
  const shown = (value: number) => value.toLocaleString("en", { maximumFractionDigits: 10 });
  if (minimum !== null && maximum !== null && !open.below && !open.above)
    return `from ${shown(minimum)} to ${shown(maximum)}${steps}`;
  const low = minimum === null ? "" : open.below ? `above ${shown(minimum)}` : `at least ${shown(minimum)}`;
  const high = maximum === null ? "" : open.above ? `below ${shown(maximum)}` : `at most ${shown(maximum)}`;
  return [low, high].filter(Boolean).join(", ") + steps;
}

/** Turn what was typed into the value to send, or say why not. */
export function parse(setting: Setting, draft: string | boolean): Parsed {
  if (typeof draft === "boolean") return { ok: true, value: draft };
  const text = draft.trim();
  const wrong: Parsed = { ok: false, error: `${allowed(setting) || "Something else"} is needed here.` };
  if (text === "") {
    if (setting.nullable) return { ok: true, value: null };
    return setting.kind === "text" ? { ok: true, value: "" } : wrong;
  }
  switch (setting.kind) {
    case "integer":
    case "number": {
      const value = toNumber(text);
      return value !== null && fits(setting, value) ? { ok: true, value } : wrong;
    }
    case "numbers": {
      const values = text
        .split(/[\s,;]+/)
        .filter(Boolean)
        .map(toNumber);
      const { least, most, whole } = setting.items;
      const right = values.every((value) => value !== null && (!whole || Number.isInteger(value)));
      const enough = values.length >= least && (most === null || values.length <= most);
      return right && enough ? { ok: true, value: values } : wrong;
    }
    case "choice": {
      const value = setting.choices.find((choice) => String(choice) === text);
      return value === undefined ? wrong : { ok: true, value };
    }
    case "json":
      try {
        return { ok: true, value: JSON.parse(text) as unknown };
      } catch {
        return wrong;
      }
    case "text":
    case "boolean":
      return { ok: true, value: text };
  }
}

function toNumber(text: string): number | null {
  // Number() also reads "", "0x10" and "Infinity"
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : null;
}

function fits({ kind, minimum, maximum, open, step }: Setting, value: number): boolean {
  if (kind === "integer" && !Number.isInteger(value)) return false;
  if (minimum !== null && (open.below ? value <= minimum : value < minimum)) return false;
  if (maximum !== null && (open.above ? value >= maximum : value > maximum)) return false;
  if (step === null) return true;
  const times = value / step;
  return Math.abs(times - Math.round(times)) < 1e-9;
}

export type Overrides = { values: Record<string, unknown>; errors: Record<string, string> };

/** What differs from the preset, ready to send, and what is wrong with the rest. */
export function overridesOf(
  settings: readonly Setting[],
  preset: Readonly<Record<string, unknown>>,
  drafts: Drafts,
): Overrides {
  const values: Record<string, unknown> = {};
  const errors: Record<string, string> = {};
  for (const setting of settings) {
    const draft = drafts[setting.name];
    if (draft === undefined) continue;
    const parsed = parse(setting, draft);
    if (!parsed.ok) errors[setting.name] = parsed.error;
    else if (!isSame(parsed.value, preset[setting.name])) values[setting.name] = parsed.value;
  }
  return { values, errors };
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
