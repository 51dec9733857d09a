import { SimpleGrid, Skeleton, Table, Text } from "@mantine/core";

import { useJudgement } from "../api/queries/judgement";
import type { JudgedLabel, JudgedVideo, Judgement, Run } from "../api/types";
import { formatCount, plural } from "../lib/format";
import { PlotlyFigure } from "../plots/PlotlyFigure";
import { Panel } from "../ui/Panel";
import { QueryView } from "../ui/states";
import classes from "./judgement.module.css";

/** The run against known events: curves, places, and each label and video by itself. */
export function JudgementPanel({ run }: { run: Run }) {
  const query = useJudgement(run);
  return (
    <Panel title="Against known events, in detail">
      <QueryView query={query} loading={<Skeleton height={320} radius={6} />}>
        {(judged) => (judged ? <Details judged={judged} /> : null)}
      </QueryView>
    </Panel>
  );
}

function Details({ judged }: { judged: Judgement }) {
  return (
    <>
      {judged.plots.length > 0 && (
        <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
          {judged.plots.map((plot) => (
            <PlotlyFigure key={plot.name} plot={plot} height={320} />
          ))}
        </SimpleGrid>
      )}
      {judged.where && <Where where={judged.where} />}
      <ByLabel rows={judged.by_label} />
      <ByVideo rows={judged.by_video} />
    </>
  );
}

function Where({ where }: { where: NonNullable<Judgement["where"]> }) {
  const facts = [
    ["RBDC, by region", where.rbdc, where.undefined?.rbdc],
    ["TBDC, by track", where.tbdc, where.undefined?.tbdc],
  ] as const;
  return (
    <div className={classes.where}>
      {facts.map(([name, value, reason]) => (
        <p key={name} title={reason}>
          <span>{name}</span> <b>{figure(value)}</b>
        </p>
      ))}
      <Text size="sm" c="dimmed">
        Whether it points at the right place, from {plural(where.true_regions, "region")} of{" "}
        {plural(where.true_tracks, "track")} in the pixel masks of {plural(where.videos, "video")}{" "}
        (Ramachandra &amp; Jones 2020; up to one false alarm a frame; 1 is best).
        {where.undefined?.rbdc && ` Not defined: ${where.undefined.rbdc}.`}
      </Text>
    </div>
  );
}

function ByLabel({ rows }: { rows: readonly JudgedLabel[] }) {
  if (rows.length === 0) return null;
  return (
    <Table aria-label="By label" className={classes.table}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Label</Table.Th>
          <Table.Th ta="right">Events over the threshold</Table.Th>
          <Table.Th ta="right">Frames</Table.Th>
          <Table.Th ta="right" title="Its frames against those known as normal">
            AUC
          </Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {rows.map((row) => (
          <Table.Tr key={row.label}>
            <Table.Td>{row.label || "Without a label"}</Table.Td>
            <Table.Td ta="right">{share(row.events_found, row.events)}</Table.Td>
            <Table.Td ta="right">{formatCount(row.frames)}</Table.Td>
            <Table.Td ta="right">{figure(row.auc)}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

function ByVideo({ rows }: { rows: readonly JudgedVideo[] }) {
  return (
    <Table aria-label="By video" className={classes.table}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Video</Table.Th>
          <Table.Th ta="right">Events over the threshold</Table.Th>
          <Table.Th ta="right">Abnormal frames</Table.Th>
          <Table.Th ta="right">AUC</Table.Th>
          <Table.Th ta="right">Average precision</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {rows.map((row) => (
          <Table.Tr key={row.video}>
            <Table.Td>{row.name}</Table.Td>
            <Table.Td ta="right">{share(row.events_found, row.events)}</Table.Td>
            <Table.Td ta="right">
              {formatCount(row.abnormal_frames)} of {formatCount(row.frames)}
            </Table.Td>
            <Table.Td ta="right">{figure(row.auc)}</Table.Td>
            <Table.Td ta="right">{figure(row.ap)}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

function share(found: number | null, all: number): string {
  if (all === 0) return "none known";
  return found === null ? plural(all, "event") : `${formatCount(found)} of ${formatCount(all)}`;
}

function figure(value: number | null): string {
  return value === null ? "–" : value.toFixed(3);
}
