import { ActionIcon, Button, Group, Menu, Table } from "@mantine/core";
import { Ban, Download, GraduationCap, MoreHorizontal, RotateCcw, Trash2 } from "lucide-react";
import { useState } from "react";

import { isActive } from "../api/polling";
import { useCancelDataset, useDeleteDataset, useRetryDataset } from "../api/queries/datasets";
import type { Dataset, Project } from "../api/types";
import { formatBytes, formatCount, plural } from "../lib/format";
import { LineageModal } from "../teaching/LineageModal";
import { TeachModal } from "../teaching/TeachModal";
import { Ago } from "../ui/Ago";
import { confirm } from "../ui/confirm";
import { Hash } from "../ui/Hash";
import { JobProgress } from "../ui/JobProgress";
import { notifyError } from "../ui/notify";
import { Panel } from "../ui/Panel";
import { StatusBadge, toneOf } from "../ui/StatusBadge";
import classes from "../ui/table.module.css";

export function DatasetTable(props: { datasets: readonly Dataset[]; manages: boolean; project: Project }) {
  const { datasets, manages, project } = props;
  const [teaching, setTeaching] = useState<Dataset | null>(null);
  const [traced, setTraced] = useState<Dataset | null>(null);
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
                    `, ${plural(dataset.counts.unreviewed, "item")} not judged`}
                </div>
              </Table.Td>
              <Table.Td>
                <FileState dataset={dataset} />
              </Table.Td>
              <Table.Td>
                <Actions dataset={dataset} manages={manages} teach={setTeaching} trace={setTraced} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <TeachModal
        opened={teaching !== null}
        close={() => setTeaching(null)}
        project={project}
        {...(teaching ? { dataset: teaching.id } : {})}
      />
      <LineageModal dataset={traced} close={() => setTraced(null)} project={project} />
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

function Actions(props: {
  dataset: Dataset;
  manages: boolean;
  teach: (dataset: Dataset) => void;
  trace: (dataset: Dataset) => void;
}) {
  const { dataset, manages } = props;
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
      <Button
        size="xs"
        variant="default"
        aria-label={`What ${dataset.name} teaches`}
        onClick={() => props.trace(dataset)}
      >
        Lineage
      </Button>
      {manages && (
        <Menu position="bottom-end" width={200}>
          <Menu.Target>
            <ActionIcon variant="subtle" color="gray" size="lg" aria-label={`More about ${dataset.name}`}>
              <MoreHorizontal size={17} aria-hidden />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            {dataset.job.status === "done" && (
              <Menu.Item leftSection={<GraduationCap size={15} />} onClick={() => props.teach(dataset)}>
                Teach the detectors
              </Menu.Item>
            )}
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
