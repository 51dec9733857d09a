import "uplot/dist/uPlot.min.css";

import { useComputedColorScheme } from "@mantine/core";
import { useEffect, useRef } from "react";
import UPlot from "uplot";

import { formatScore, humanize } from "../lib/format";
import { detectorColorLiteral } from "../ui/colors";
import type { Curves } from "./curves";
import classes from "./plots.module.css";

const HEIGHT = 240;

/** Training, epoch by epoch. Loaded when a run page needs it. */
export function LossChart({ curves, colorIndex }: { curves: Curves; colorIndex: number }) {
  const holder = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot | null>(null);
  const scheme = useComputedColorScheme("dark", { getInitialValueInEffect: false });
  const names = curves.series.map(({ name }) => name).join(",");

  useEffect(() => {
    const element = holder.current;
    if (!element) return;
    const style = getComputedStyle(element);
    const text = style.getPropertyValue("--text-dim");
    const line = style.getPropertyValue("--line");
    const axis = {
      stroke: text,
      grid: { stroke: line, width: 1 },
      ticks: { stroke: line, width: 1 },
      font: "12px system-ui",
    };
    const series = names.split(",").map((name, place) => ({
      label: humanize(name),
      stroke: detectorColorLiteral(colorIndex + place, scheme),
      width: 2,
      points: { size: 5 },
      value: (_: UPlot, value: number | null) => formatScore(value),
    }));
    const created = new UPlot(
      {
        width: element.clientWidth,
        height: HEIGHT,
        scales: { x: { time: false } },
        series: [{ label: "Epoch" }, ...series],
        axes: [
          { ...axis, incrs: [1, 2, 5, 10, 20, 50, 100] },
          { ...axis, size: 64, values: (_, ticks) => ticks.map((tick) => formatScore(tick)) },
        ],
        cursor: { drag: { x: false, y: false } },
      },
      [[], ...series.map(() => [])],
      element,
    );
    plot.current = created;
    const watcher = new ResizeObserver(() => created.setSize({ width: element.clientWidth, height: HEIGHT }));
    watcher.observe(element);
    return () => {
      watcher.disconnect();
      created.destroy();
      plot.current = null;
    };
  }, [names, colorIndex, scheme]);

  useEffect(() => {
    plot.current?.setData([[...curves.epochs], ...curves.series.map(({ values }) => [...values])]);
  }, [curves, names, colorIndex, scheme]);

  return <div ref={holder} className={classes.chart} aria-hidden />;
}
