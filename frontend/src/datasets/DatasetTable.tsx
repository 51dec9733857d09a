import { ActionIcon, Button, Group, Menu, Table } from "@mantine/core";
import { Ban, Download, MoreHorizontal, RotateCcw, Trash2 } from "lucide-react";

import { isActive } from "../api/polling";
import { useCancelDataset, useDeleteDataset, useRetryDataset } from "../api/queries/datasets";
import type { Dataset } from "../api/types";
import { formatBytes, formatCount, plural } from "../lib/format";
import { Ago } from "../ui/Ago";
import { confirm } from "../ui/confirm";
import { Hash } from "../ui/Hash";
import { JobProgress } from "../ui/JobProgress";
import { notifyError } from "../ui/notify";
import { Panel } from "../ui/Panel";
import { StatusBadge, toneOf } from "../ui/StatusBadge";
import classes from "../ui/table.module.css";

export function DatasetTable({ datasets, manages }: { datasets: readonly Dataset[]; manages: boolean }) {
  return (
    <Panel flush>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Dataset</Table.Th>
            <Table.Th>Holds</Table.Th>
            <Table.Th style={{ width: 230 }}>File</Table.Th>
            <Table.Th>
              <span className="visually-hidden">Actions</span>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {datasets.map((dataset) => (
            <Table.Tr key={dataset.id}>
              <Table.Td>
                <div className={classes.strong}>{dataset.name}</div>
                <div className={classes.dim}>
                  {dataset.created_by || "a former member"}, <Ago time={dataset.created_at} />
                </div>
              </Table.Td>
              <Table.Td>
                {plural(dataset.counts.spans, "abnormal span")} in {plural(dataset.counts.videos, "video")}
                <div className={classes.dim}>
                  {formatCount(dataset.counts.abnormal_frames)} of {plural(dataset.counts.frames, "frame")}
                  {dataset.counts.unreviewed > 0 &&
                    `, ${formatCount(dataset.counts.unreviewed)} proposals not judged`}
                </div>
              </Table.Td>
              <Table.Td>
                <FileState dataset={dataset} />
              </Table.Td>
              <Table.Td>
                <Actions dataset={dataset} manages={manages} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Panel>
  );
}

function FileState({ dataset }: { dataset: Dataset }) {
  const { job } = dataset;
  if (isActive(job)) {
    return (
      <JobProgress progress={job} waiting={job.status === "queued"} label={`Writing of ${dataset.name}`} />
    );
  }
  if (job.status === "done") {
    return (
      <>
        {formatBytes(dataset.size_bytes)}
        <div>
          <Hash value={dataset.sha256} />
        </div>
      </>
    );
  }
  return (
    <>
      <StatusBadge tone={toneOf(job.status)}>{job.status === "failed" ? "Failed" : "Cancelled"}</StatusBadge>
      {job.error && <div className={classes.error}>{job.error}</div>}
    </>
  );
}

function Actions({ dataset, manages }: { dataset: Dataset; manages: boolean }) {
  const cancel = useCancelDataset();
  const retry = useRetryDataset();
  const remove = useDeleteDataset();
  const onError = (error: unknown) => notifyError(error);
  const active = isActive(dataset.job);
  const retriable = dataset.job.status === "failed" || dataset.job.status === "cancelled";
  return (
    <Group gap={6} justify="flex-end" wrap="nowrap">
      {dataset.download && (
        <Button
          component="a"
          href={dataset.download}
          download
          size="xs"
          variant="default"
          leftSection={<Download size={15} aria-hidden />}
          aria-label={`Download ${dataset.name}`}
        >
          Download
        </Button>
      )}
      {manages && (
        <Menu position="bottom-end" width={180}>
          <Menu.Target>
            <ActionIcon variant="subtle" color="gray" size="lg" aria-label={`More about ${dataset.name}`}>
              <MoreHorizontal size={17} aria-hidden />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            {active && (
              <Menu.Item
                leftSection={<Ban size={15} />}
                onClick={() => cancel.mutate(dataset.id, { onError })}
              >
                Cancel
              </Menu.Item>
            )}
            {retriable && (
              <Menu.Item
                leftSection={<RotateCcw size={15} />}
                onClick={() => retry.mutate(dataset.id, { onError })}
              >
                Try again
              </Menu.Item>
            )}
            <Menu.Item
              leftSection={<Trash2 size={15} />}
              c="var(--mantine-color-error)"
              onClick={() =>
                confirm({
                  title: "Delete this dataset?",
                  body: (
                    <>
                      The file of <b>{dataset.name}</b> will be removed. The verdicts it was made from are
                      kept, so another one can be exported, but it may differ from this.
                    </>
                  ),
                  action: "Delete dataset",
                  run: () => remove.mutateAsync(dataset.id),
                })
              }
            >
              Delete
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      )}
    </Group>
  );
}
