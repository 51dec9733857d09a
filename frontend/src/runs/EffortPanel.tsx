import { Skeleton, Table, Text } from "@mantine/core";
import { useState } from "react";

import { useRunEffort } from "../api/queries/runs";
import type { Run, RunEffort } from "../api/types";
import { formatCount, plural } from "../lib/format";
import type { Plot } from "../plots/figure";
import { PlotlyFigure } from "../plots/PlotlyFigure";
import { Panel } from "../ui/Panel";
import { QueryView } from "../ui/states";
import classes from "./runs.module.css";

/** How fast each order of the queue finds what is known: replayed, so only where somebody said what that is. */
export function EffortPanel({ run }: { run: Run }) {
  const [open, setOpen] = useState(false);
  return (
    <Panel>
      <details className={classes.fold} onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>Review effort: how fast each order of the queue finds the known events</summary>
        {open && <Replayed run={run} />}
      </details>
    </Panel>
  );
}

function Replayed({ run }: { run: Run }) {
  const query = useRunEffort(run.id);
  return (
    <QueryView query={query} loading={<Skeleton height={360} radius={6} />}>
      {(effort) => (
        <>
          <Text size="sm" my="sm">
            A reviewer who knows the {plural(effort.events, "event")} watches the proposals in each order.{" "}
            {formatCount(effort.abnormal_frames)} of {plural(effort.frames, "frame")} are abnormal.
          </Text>
          <PlotlyFigure plot={effort.plot as unknown as Plot} height={340} />
          <Orders effort={effort} />
        </>
      )}
    </QueryView>
  );
}

function Orders({ effort }: { effort: RunEffort }) {
  const percent = (value: number, digits: number) => `${(100 * value).toFixed(digits)} %`;
  return (
    <Table mt="sm">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Order</Table.Th>
          <Table.Th ta="right">Found in the end</Table.Th>
          <Table.Th ta="right">Watched until 90 % are found</Table.Th>
          <Table.Th ta="right">Minutes</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {effort.orders.map(({ name, found, watched }) => (
          <Table.Tr key={name}>
            <Table.Td>{name}</Table.Td>
            <Table.Td ta="right">{percent(found, 0)}</Table.Td>
            <Table.Td ta="right">{watched === null ? "never" : percent(watched, 2)}</Table.Td>
            <Table.Td ta="right">
              {watched === null ? "–" : (60 * watched * effort.hours).toFixed(1)}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
