import { Table, Text } from "@mantine/core";

import type { Figures, RunMetrics } from "../api/types";
import { formatCount, humanize, plural } from "../lib/format";

type Column = {
  key: "micro_auc" | "macro_auc" | "ap" | "eer" | "auc_binarised";
  title: string;
  about: string;
};

const COLUMNS: readonly Column[] = [
  {
    key: "micro_auc",
    title: "AUC, all frames",
    about: "Area under the ROC curve over the frames of all videos together",
  },
  {
    key: "macro_auc",
    title: "AUC, mean of videos",
    about: "The same for each video by itself, then the mean",
  },
  { key: "ap", title: "Average precision", about: "Area under the precision-recall curve" },
  {
    key: "eer",
    title: "Equal error rate",
    about: "Where misses and false alarms are equally frequent; lower is better",
  },
  {
    key: "auc_binarised",
    title: "AUC of 0/1 labels",
    about: "Balanced accuracy of alarms above mean + 0.7 deviations, which some papers call AUC",
  },
];

const BASELINES: Record<string, string> = {
  motion_strongest_cell: "Motion alone, strongest place",
  motion_mean: "Motion alone, mean",
};

/** This run beside plain motion: a detector that does not beat motion is not worth its time. */
export function MetricsTable({ metrics }: { metrics: RunMetrics }) {
  const rows: { name: string; figures: Figures; strong: boolean }[] = [
    { name: "This run", figures: metrics, strong: true },
    ...Object.entries(metrics.baselines).map(([name, figures]) => ({
      name: BASELINES[name] ?? humanize(name),
      figures,
      strong: false,
    })),
  ];
  return (
    <>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>
              <span className="visually-hidden">Measured</span>
            </Table.Th>
            {COLUMNS.map((column) => (
              <Table.Th key={column.key} ta="right" title={column.about}>
                {column.title}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map(({ name, figures, strong }) => (
            <Table.Tr key={name} fw={strong ? 600 : undefined}>
              <Table.Td>{name}</Table.Td>
              {COLUMNS.map(({ key }) => (
                <Table.Td key={key} ta="right" title={figures.undefined?.[key]}>
                  {formatFigure(figures[key])}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <Text size="sm" c="dimmed" px="md" py="sm">
        Measured on {plural(metrics.videos, "video")} with known events:{" "}
        {formatCount(metrics.abnormal_frames)} of {formatCount(metrics.frames)} frames are abnormal. Known
        events are never used to learn or to propose.
      </Text>
    </>
  );
}

function formatFigure(value: number | null): string {
  return value === null ? "–" : value.toFixed(3);
}
