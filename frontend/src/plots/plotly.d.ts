/** What we use of Plotly's basic bundle (scatter, bar, pie; no code made from strings, so the CSP stays strict). */
declare module "plotly.js-basic-dist-min" {
  export type Values = Record<string, unknown>;
  export type ClickedPoint = { curveNumber: number; pointNumber: number; customdata?: unknown };
  /** The element Plotly draws into; it gets these methods there. */
  export type PlotElement = HTMLElement & {
    on: (event: "plotly_click", handler: (event: { points: ClickedPoint[] }) => void) => void;
  };
  const Plotly: {
    react: (
      element: HTMLElement,
      data: readonly Values[],
      layout: Values,
      config: Values,
    ) => Promise<PlotElement>;
    purge: (element: HTMLElement) => void;
    Plots: { resize: (element: HTMLElement) => void };
  };
  export { Plotly as default };
}
