import { Table, Text } from "@mantine/core";

import type { Comparison } from "../api/types";
import { formatCount, plural } from "../lib/format";

type Figures = Comparison["figures"][number];
type Bounded = Figures["micro_auc"]["before"];

const NAMES = [
  { key: "micro_auc", title: "AUC, all frames" },
  { key: "ap", title: "Average precision" },
] as const;

/** Both runs judged on the same frames, with what the difference may be. */
export function ComparedFigures({ figures }: { figures: readonly Figures[] }) {
  if (figures.length === 0) {
    return (
      <Text size="sm" c="dimmed" p="md">
        Nothing is known about these videos that could judge the runs: neither known events nor both accepted
        and rejected spans.
      </Text>
    );
  }
  return (
    <>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Measured</Table.Th>
            <Table.Th ta="right">A</Table.Th>
            <Table.Th ta="right">B</Table.Th>
            <Table.Th ta="right">B − A</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {figures.flatMap((one) =>
            NAMES.map(({ key, title }) => (
              <Table.Tr key={`${key}${String(one.untaught)}`}>
                <Table.Td>
                  {title}
                  <Text size="xs" c="dimmed">
                    {basisOf(one)}
                  </Text>
                </Table.Td>
                <Table.Td ta="right">
                  <Value of={one[key].before} />
                </Table.Td>
                <Table.Td ta="right">
                  <Value of={one[key].after} />
                </Table.Td>
                <Table.Td ta="right">
                  <Value of={one[key].difference} signed />
                </Table.Td>
              </Table.Tr>
            )),
          )}
        </Table.Tbody>
      </Table>
      <Text size="sm" c="dimmed" px="md" py="sm">
        Small print: 95 % intervals of a bootstrap that draws the same footage for both, so the difference can
        be certain where the figures themselves are not. An interval of B − A that holds 0 may be chance.
      </Text>
    </>
  );
}

function basisOf(one: Figures): string {
  const frames = `${formatCount(one.abnormal_frames)} of ${plural(one.frames, "frame")} abnormal, ${plural(one.videos, "video")}`;
  const what = one.basis === "ground_truth" ? "known events" : "what people judged";
  return one.untaught ? `${what}, only frames never taught: ${frames}` : `${what}: ${frames}`;
}

function Value({ of, signed }: { of: Bounded; signed?: boolean }) {
  const write = (value: number) => `${signed && value > 0 ? "+" : ""}${value.toFixed(3)}`;
  if (of.value === null) return <>–</>;
  return (
    <>
      {write(of.value)}
      {of.low !== null && of.high !== null && (
        <Text size="xs" c="dimmed">
          {write(of.low)} to {write(of.high)}
        </Text>
      )}
    </>
  );
}
