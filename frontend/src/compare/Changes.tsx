import { Table, Text } from "@mantine/core";
import { Link } from "react-router";

import type { Comparison, Project, Run } from "../api/types";
import { formatCount } from "../lib/format";
import { paths } from "../lib/paths";
import classes from "./compare.module.css";

const SHOWN = 50;
const WORDS = { appeared: "Appeared", gone: "Gone", moved: "Edges moved" } as const;

type Change = Comparison["segments"]["listed"][number];

/** Proposals that one run makes and the other does not, or makes with other edges. */
export function SegmentChanges(props: {
  comparison: Comparison;
  project: Project;
  runs: readonly [Run, Run];
}) {
  const { segments } = props.comparison;
  const counts: readonly (readonly [string, number])[] = [
    ["Appeared", segments.appeared],
    ["Gone", segments.gone],
    ["Edges moved", segments.moved],
    ["The same", segments.same],
  ];
  return (
    <>
      <dl className={classes.counts}>
        {counts.map(([name, count]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{formatCount(count)}</dd>
          </div>
        ))}
      </dl>
      {segments.listed.length > 0 && (
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Change</Table.Th>
              <Table.Th>Video</Table.Th>
              <Table.Th>In A, frames</Table.Th>
              <Table.Th>In B, frames</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {segments.listed.slice(0, SHOWN).map((change) => (
              <ChangeRow
                key={`${change.before?.segment ?? ""}${change.after?.segment ?? ""}`}
                change={change}
                {...props}
              />
            ))}
          </Table.Tbody>
        </Table>
      )}
      {segments.listed.length > SHOWN && (
        <Text size="sm" c="dimmed" px="md" py="sm">
          The first {SHOWN} are listed.
        </Text>
      )}
    </>
  );
}

function ChangeRow(props: { change: Change; project: Project; runs: readonly [Run, Run] }) {
  const { change, project, runs } = props;
  const name = change.after?.video_name ?? change.before?.video_name;
  return (
    <Table.Tr>
      <Table.Td>{WORDS[change.change]}</Table.Td>
      <Table.Td>{name}</Table.Td>
      {([change.before, change.after] as const).map((span, place) => (
        <Table.Td key={place}>
          {span ? (
            <Link
              to={paths.review(project.id, span.video, {
                run: runs[place === 0 ? 0 : 1].id,
                segment: span.segment,
              })}
            >
              {formatCount(span.start)} to {formatCount(span.stop - 1)}
            </Link>
          ) : (
            "–"
          )}
        </Table.Td>
      ))}
    </Table.Tr>
  );
}

/** Where what people judged stands in both runs: 100 is the strangest frame. */
export function RankChanges({ comparison, project }: { comparison: Comparison; project: Project }) {
  const { ranks } = comparison;
  if (ranks.listed.length === 0) {
    return (
      <Text size="sm" c="dimmed" p="md">
        Nothing is accepted or rejected on these videos yet.
      </Text>
    );
  }
  const points = (value: number | null) =>
    value === null ? "–" : `${value > 0 ? "+" : ""}${(100 * value).toFixed(2)}`;
  return (
    <>
      <Text size="sm" px="md" pt="sm">
        On average accepted spans moved by {points(ranks.accepted_moved)} and rejected ones by{" "}
        {points(ranks.rejected_moved)} percentile points; up is stranger.
      </Text>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Verdict</Table.Th>
            <Table.Th>Video</Table.Th>
            <Table.Th>Frames</Table.Th>
            <Table.Th ta="right">Percentile in A</Table.Th>
            <Table.Th ta="right">In B</Table.Th>
            <Table.Th ta="right">Change</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {ranks.listed.slice(0, SHOWN).map((row) => (
            <Table.Tr key={`${row.video}${row.start}${row.stop}${row.decision}`}>
              <Table.Td>
                {row.decision === "accept" ? "Accepted" : "Rejected"}
                {row.taught && (
                  <Text span size="xs" c="dimmed">
                    {" "}
                    taught
                  </Text>
                )}
              </Table.Td>
              <Table.Td>{row.video_name}</Table.Td>
              <Table.Td>
                <Link to={paths.review(project.id, row.video, { frame: row.start })}>
                  {formatCount(row.start)} to {formatCount(row.stop - 1)}
                </Link>
              </Table.Td>
              <Table.Td ta="right">{(100 * row.before).toFixed(2)}</Table.Td>
              <Table.Td ta="right">{(100 * row.after).toFixed(2)}</Table.Td>
              <Table.Td ta="right">{points(row.after - row.before)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </>
  );
}
