import { useComputedColorScheme } from "@mantine/core";
import { Suspense, lazy, useId, useState } from "react";

import { formatScore } from "../lib/format";
import { LoadingState } from "../ui/states";
import type { Plot } from "./figure";
import classes from "./plots.module.css";

// Plotly is 400 kB: it comes when the first figure is shown
const PlotlyCanvas = lazy(async () => ({ default: (await import("./PlotlyCanvas")).PlotlyCanvas }));

type Props = {
  plot: Plot;
  height: number;
  /** a point was clicked: number of its trace, of the point in it, and the point's customdata */
  onClick?: (point: { trace: number; point: number; data: unknown }) => void;
};

/** A figure from Python in the colours of the page, with its numbers as a table for those who want or need it. */
export function PlotlyFigure({ plot, height, onClick }: Props) {
  const scheme = useComputedColorScheme("dark", { getInitialValueInEffect: false });
  const summary = useId();
  return (
    <figure className={classes.figure}>
      <div role="img" aria-label={plot.name} aria-describedby={summary} style={{ height }}>
        <Suspense fallback={<LoadingState label="Loading the plot" />}>
          <PlotlyCanvas key={scheme} figure={plot.figure} height={height} onClick={onClick} />
        </Suspense>
      </div>
      <figcaption id={summary} className={classes.summary}>
        {plot.summary}
      </figcaption>
      <TableTwin plot={plot} />
    </figure>
  );
}

function TableTwin({ plot }: { plot: Plot }) {
  const [open, setOpen] = useState(false);
  return (
    <details className={classes.twin} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>As a table</summary>
      {open && (
        <div className={classes.scroll} tabIndex={0} role="region" aria-label={`${plot.name}, as a table`}>
          <table>
            <thead>
              <tr>
                {plot.columns.map((name) => (
                  <th key={name} scope="col">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {plot.rows.map((row, n) => (
                <tr key={n}>
                  {row.map((cell, place) => (
                    <td key={place}>{typeof cell === "number" ? formatScore(cell) : cell}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </details>
  );
}
