import { readFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { detectorColor, detectorColorLiteral } from "./colors";

const css = readFileSync(join(import.meta.dirname, "tokens.css"), "utf-8");

test("a run keeps its colour, whatever its number", () => {
  expect(detectorColor(0)).toBe("var(--detector-0)");
  expect(detectorColor(8)).toBe(detectorColor(0));
  expect(detectorColor(-1)).toBe(detectorColor(7));
});

test("canvases and style sheets have the same colours", () => {
  for (const scheme of ["dark", "light"] as const) {
    const block = css.split(`[data-mantine-color-scheme="${scheme}"] {`)[1]?.split("}")[0] ?? "";
    for (let index = 0; index < 8; index += 1) {
      expect(block).toContain(`--detector-${index}: ${detectorColorLiteral(index, scheme)};`);
    }
  }
});

/** WCAG 2.2: relative luminance, then contrast. */
function contrast(one: string, other: string): number {
  const luminance = (hex: string) => {
    const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
      const value = parseInt(hex.slice(at, at + 2), 16) / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

test.each(["dark", "light"])(
  "text and state colours of the %s theme have AA contrast on their surfaces",
  (scheme) => {
    const block = css.split(`[data-mantine-color-scheme="${scheme}"] {`)[1]?.split("}")[0] ?? "";
    const tokens = new Map(
      Array.from(block.matchAll(/--([\w-]+): (#\w{6});/g), ([, name, hex]) => [name, hex]),
    );
    const surfaces = ["surface", "surface-raised", "surface-sunken"].map((name) => tokens.get(name) ?? "");
    const meant = [...tokens].filter(([name]) => /^(state|severity|detector|text|accent)-/.test(name ?? ""));

    expect(meant.length).toBeGreaterThan(15);
    for (const [name, hex] of meant) {
      for (const surface of surfaces) {
        expect(contrast(hex ?? "", surface), `${name} on ${surface}`).toBeGreaterThanOrEqual(4.5);
      }
    }
  },
);
