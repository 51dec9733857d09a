import Plotly, { type ClickedPoint } from "plotly.js-basic-dist-min";
import { useEffect, useRef } from "react";

import { coloured, type Plot, template, type Values } from "./figure";

type Props = {
  figure: Plot["figure"];
  height: number;
  onClick?: ((point: { trace: number; point: number; data: unknown }) => void) | undefined;
};

const CONFIG = { displaylogo: false, displayModeBar: false, responsive: false };

/** Plotly itself, in a module of its own so that it is no part of the first load. */
export function PlotlyCanvas({ figure, height, onClick }: Props) {
  const holder = useRef<HTMLDivElement>(null);
  const clicked = useRef(onClick);
  useEffect(() => {
    clicked.current = onClick;
  });

  useEffect(() => {
    const element = holder.current;
    if (!element) return;
    const computed = getComputedStyle(element);
    const style = (variable: string): string => computed.getPropertyValue(variable).trim();
    const layout: Values = {
      ...(coloured(figure.layout, style) as Values),
      template: template(style),
      height,
    };
    const heard = element.classList.contains("js-plotly-plot");
    void Plotly.react(element, coloured(figure.data, style) as Values[], layout, CONFIG).then((plot) => {
      if (heard) return;
      plot.on("plotly_click", ({ points }) => {
        const [first] = points as (ClickedPoint | undefined)[];
        if (first) {
          clicked.current?.({ trace: first.curveNumber, point: first.pointNumber, data: first.customdata });
        }
      });
    });
  }, [figure, height]);

  useEffect(() => {
    const element = holder.current;
    if (!element) return;
    const watcher = new ResizeObserver(() => {
      if (element.classList.contains("js-plotly-plot")) Plotly.Plots.resize(element);
    });
    watcher.observe(element);
    return () => {
      watcher.disconnect();
      Plotly.purge(element);
    };
  }, []);

  return <div ref={holder} style={{ height }} />;
}
