import { Table } from "@mantine/core";

import type { Run, RunMode } from "../api/types";
import { humanize } from "../lib/format";
import classes from "./runs.module.css";

const LEARNS_FROM: Record<RunMode, string> = {
  merged: "all footage",
  partial: "chosen videos",
  supervised: "footage and verdicts",
};

/** Everything needed to do this run again. */
export function RunSettings({ run }: { run: Run }) {
  const circumstances: readonly (readonly [string, string])[] = [
    ["Detector", run.detector_title],
    ["Preset", run.preset],
    ["Learns from", LEARNS_FROM[run.mode]],
    ["Seed", String(run.seed)],
    ["Computed on", run.device_used || `not yet begun (${run.device})`],
    ["Version of vadreview", run.code_version],
  ];
  return (
    <div className={classes.ticks}>
      <Table>
        <Table.Tbody>
          {circumstances.map(([name, value]) => (
            <Table.Tr key={name}>
              <Table.Th scope="row">{name}</Table.Th>
              <Table.Td>{value}</Table.Td>
            </Table.Tr>
          ))}
          {Object.entries(run.config).map(([name, value]) => (
            <Table.Tr key={name}>
              <Table.Th scope="row">{humanize(name)}</Table.Th>
              <Table.Td>
                {typeof value === "string" ? value : JSON.stringify(value)}
                {name in run.overrides && <span className={classes.changes}>changed</span>}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}
