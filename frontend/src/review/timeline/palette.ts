import type { Scheme } from "../../ui/colors";
import type { ItemState } from "../items";

/** The theme's colours as literals: a canvas cannot read style variables. */
export type Palette = {
  scheme: Scheme;
  text: string;
  dim: string;
  /** points that do not stand out */
  usual: string;
  line: string;
  surface: string;
  sunken: string;
  focus: string;
  states: Record<ItemState, string>;
  truth: string;
  severity: Record<"high" | "medium" | "low", string>;
};

export function readPalette(element: Element, scheme: Scheme): Palette {
  const style = getComputedStyle(element);
  const read = (name: string): string => style.getPropertyValue(name).trim() || "#888888";
  return {
    scheme,
    text: read("--mantine-color-text"),
    dim: read("--text-dim"),
    usual: read("--line-strong"),
    line: read("--line"),
    surface: read("--surface"),
    sunken: read("--surface-sunken"),
    focus: read("--focus"),
    states: {
      proposed: read("--state-proposed"),
      accepted: read("--state-accepted"),
      rejected: read("--state-rejected"),
      adjusted: read("--state-adjusted"),
      unsure: read("--state-unsure"),
    },
    truth: read("--state-truth"),
    severity: {
      high: read("--severity-high"),
      medium: read("--severity-medium"),
      low: read("--severity-low"),
    },
  };
}
