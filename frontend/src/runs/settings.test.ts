import { describe, expect, test } from "vitest";

import type { JsonSchema } from "../api/jsonSchema";
import { allowed, overridesOf, parse, readSettings, type Setting, toDraft } from "./settings";

/** As pydantic writes it. */
const SCHEMA: JsonSchema = {
  type: "object",
  $defs: { Device: { enum: ["cpu", "cuda"], type: "string", title: "Device" } },
  properties: {
    size: { type: "integer", minimum: 32, maximum: 256, multipleOf: 16, default: 64, description: "Cells." },
    learning_rate: { type: "number", exclusiveMinimum: 0, maximum: 0.1, default: 0.001 },
    widths: {
      type: "array",
      minItems: 2,
      maxItems: 2,
      prefixItems: [{ type: "integer" }, { type: "integer" }],
    },
    strides: { type: "array", items: { type: "integer" }, minItems: 1, maxItems: 3 },
    output: { type: "string", enum: ["linear", "tanh"] },
    scoring_stride: { type: "integer", enum: [1, 2, 4] },
    flip: { type: "boolean", default: true },
    limit: {
      anyOf: [{ type: "integer", minimum: 1 }, { type: "null" }],
      default: null,
      description: "Or none.",
    },
    device: { $ref: "#/$defs/Device" },
    either: { anyOf: [{ type: "integer" }, { type: "string" }] },
  },
};

const settings = readSettings(SCHEMA);

function setting(name: string): Setting {
  const found = settings.find((one) => one.name === name);
  if (!found) throw new Error(name);
  return found;
}

describe("reading the schema", () => {
  test("every property becomes one field, in the schema's order", () => {
    expect(settings.map(({ name, kind }) => `${name}:${kind}`)).toEqual([
      "size:integer",
      "learning_rate:number",
      "widths:numbers",
      "strides:numbers",
      "output:choice",
      "scoring_stride:choice",
      "flip:boolean",
      "limit:integer",
      "device:choice",
      "either:json",
    ]);
  });

  test("what is allowed is said in words", () => {
    expect(allowed(setting("size"))).toBe("Whole number from 32 to 256, in steps of 16");
    expect(allowed(setting("learning_rate"))).toBe("Number above 0, at most 0.1");
    expect(allowed(setting("widths"))).toBe("2 whole numbers, with commas between them");
    expect(allowed(setting("strides"))).toBe("1 to 3 whole numbers, with commas between them");
  });

  test("“or null” makes a field that may be empty, and keeps its bounds and words", () => {
    expect(setting("limit")).toMatchObject({ nullable: true, minimum: 1, description: "Or none." });
  });

  test("a group is what the schema says, or none", () => {
    const schema = { properties: { size: { type: "integer", group: "Network" }, seed: { type: "integer" } } };

    expect(readSettings(schema).map(({ group }) => group)).toEqual(["Network", ""]);
  });

  test("a reference is followed", () => expect(setting("device").choices).toEqual(["cpu", "cuda"]));
});

describe("what was typed", () => {
  test.each([
    ["size", "64", 64],
    ["size", " 96 ", 96],
    ["learning_rate", "1e-4", 0.0001],
    ["learning_rate", ".05", 0.05],
    ["widths", "24, 32", [24, 32]],
    ["strides", "2 3", [2, 3]],
    ["scoring_stride", "4", 4],
    ["limit", "", null],
    ["either", '"x"', "x"],
  ])("%s: “%s” is sent as %j", (name, text, value) => {
    expect(parse(setting(name), text)).toEqual({ ok: true, value });
  });

  test.each([
    ["size", "31"],
    ["size", "272"],
    ["size", "40"],
    ["size", "64.5"],
    ["size", ""],
    ["size", "0x40"],
    ["size", "many"],
    ["learning_rate", "0"],
    ["learning_rate", "0.2"],
    ["learning_rate", "Infinity"],
    ["widths", "24"],
    ["widths", "24, 3.5"],
    ["widths", "24, x"],
    ["strides", "1, 2, 3, 4"],
    ["scoring_stride", "3"],
    ["limit", "0"],
    ["either", "{"],
  ])("%s: “%s” is refused, saying what is needed", (name, text) => {
    const parsed = parse(setting(name), text);
    expect(parsed.ok).toBe(false);
    expect(parsed.ok ? "" : parsed.error).toMatch(/is needed here\.$/);
  });

  test("steps hold for fractions too, whatever binary numbers make of them", () => {
    const ratio: Setting = { ...setting("learning_rate"), minimum: 0, maximum: 1, step: 0.1 };
    expect(parse(ratio, "0.3").ok).toBe(true);
    expect(parse(ratio, "0.35").ok).toBe(false);
  });

  test("a value and its draft are each other's reverse", () => {
    const values: Record<string, unknown> = {
      size: 64,
      learning_rate: 1e-7,
      widths: [1, 2],
      output: "tanh",
      flip: false,
    };
    for (const [name, value] of Object.entries(values)) {
      expect(parse(setting(name), toDraft(setting(name), value))).toEqual({ ok: true, value });
    }
  });
});

describe("overrides", () => {
  const preset = {
    size: 64,
    learning_rate: 0.001,
    widths: [24, 32],
    output: "linear",
    flip: true,
    limit: null,
  };

  test("only what differs from the preset is sent", () => {
    const { values, errors } = overridesOf(settings, preset, {
      size: "64",
      widths: "24,32",
      flip: false,
      limit: "",
      output: "tanh",
    });
    expect(values).toEqual({ flip: false, output: "tanh" });
    expect(errors).toEqual({});
  });

  test("what is wrong is named and not sent", () => {
    const { values, errors } = overridesOf(settings, preset, { size: "1", output: "tanh" });
    expect(values).toEqual({ output: "tanh" });
    expect(Object.keys(errors)).toEqual(["size"]);
  });
});
