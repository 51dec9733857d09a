import { expect, test } from "vitest";

import { coloured, template } from "./figure";

const style = (variable: string): string => ({ "--line": "#111", "--detector-2": "#222" })[variable] ?? "";

test("a figure's variables become the page's colours, at any depth", () => {
  const given = [{ marker: { color: "var(--line)" }, x: [1, 2], name: "var(--line) is a name" }];

  expect(coloured(given, style)).toEqual([
    { marker: { color: "#111" }, x: [1, 2], name: "var(--line) is a name" },
  ]);
});

test("an unknown variable is grey, not an error of the plot", () => {
  expect(coloured("var(--nothing)", style)).toBe("#888888");
});

test("curves without a colour take the detectors' colours in order", () => {
  expect(template(style)).toMatchObject({
    layout: { colorway: ["", "", "#222", "", "", "", "", ""], xaxis: { gridcolor: "#111" } },
  });
});
