import { Skeleton, Table, Text } from "@mantine/core";
import { ChevronRight } from "lucide-react";
import { lazy, Suspense, useMemo } from "react";

import type { Run } from "../api/types";
import { formatScore, humanize } from "../lib/format";
import { toCurves } from "../plots/curves";
import classes from "./runs.module.css";

const LossChart = lazy(async () => ({ default: (await import("../plots/LossChart")).LossChart }));

/** The training's figures by epoch, as a plot and as a table. */
export function Learning({ run }: { run: Run }) {
  const curves = useMemo(() => toCurves(run.history), [run.history]);
  if (curves.epochs.length === 0 || curves.series.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        {run.stage === "queued" || run.stage === "training"
          ? "The curve begins when the first epoch is over."
          : "This training left no figures."}
      </Text>
    );
  }
  return (
    <>
      <Suspense fallback={<Skeleton height={272} />}>
        <LossChart curves={curves} colorIndex={run.color_index} />
      </Suspense>
      <details className={classes.fold}>
        <summary>
          <ChevronRight size={14} aria-hidden /> As a table
        </summary>
        <div className={classes.ticks}>
          <Table>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Epoch</Table.Th>
                {curves.series.map(({ name }) => (
                  <Table.Th key={name} ta="right">
                    {humanize(name)}
                  </Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {curves.epochs.map((epoch, place) => (
                <Table.Tr key={epoch}>
                  <Table.Td>{epoch}</Table.Td>
                  {curves.series.map(({ name, values }) => (
                    <Table.Td key={name} ta="right">
                      {formatScore(values[place])}
                    </Table.Td>
                  ))}
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </div>
      </details>
    </>
  );
}
