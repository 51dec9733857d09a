/** A figure that Python built (vadreview/plots.py), and the same numbers as a table. */
export type Plot = {
  figure: { data: readonly Values[]; layout: Values };
  name: string;
  summary: string;
  columns: readonly string[];
  rows: readonly (readonly (string | number | null)[])[];
};

export type Values = Record<string, unknown>;

/** What a figure takes from the page: the value of a CSS variable such as "--line". */
export type Style = (variable: string) => string;

const VARIABLE = /^var\((--[\w-]+)\)$/;

/** Put the page's present colours where a figure names one of its variables. */
export function coloured(value: unknown, style: Style): unknown {
  if (typeof value === "string") {
    const variable = VARIABLE.exec(value)?.[1];
    return variable ? style(variable) || "#888888" : value;
  }
  if (Array.isArray(value)) return value.map((one) => coloured(one, style));
  if (typeof value === "object" && value !== null && !ArrayBuffer.isView(value)) {
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, coloured(one, style)]));
  }
  return value;
}

/** The look of the page as a Plotly template; what the figure itself says goes before it. */
export function template(style: Style): Values {
  const axis = {
    gridcolor: style("--line"),
    linecolor: style("--line-strong"),
    zerolinecolor: style("--line-strong"),
    automargin: true,
  };
  return {
    layout: {
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { color: style("--mantine-color-text"), family: "system-ui, sans-serif", size: 12 },
      xaxis: axis,
      yaxis: axis,
      hoverlabel: {
        bgcolor: style("--surface-raised"),
        bordercolor: style("--line-strong"),
        font: { color: style("--mantine-color-text") },
      },
      margin: { l: 44, r: 12, t: 12, b: 36 },
      colorway: Array.from({ length: 8 }, (_, n) => style(`--detector-${n}`)),
    },
  };
}
