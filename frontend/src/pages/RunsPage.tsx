import { Button, Group, Skeleton, Table } from "@mantine/core";
import { Activity, GitCompareArrows, Play } from "lucide-react";
import { Link } from "react-router";

import { isRunActive, useRuns } from "../api/queries/runs";
import type { Project, Run } from "../api/types";
import { formatCount, formatDuration, formatScore } from "../lib/format";
import { paths } from "../lib/paths";
import { RunActions } from "../runs/RunActions";
import { runName, STAGE_NAMES } from "../runs/names";
import classes from "../runs/runs.module.css";
import { Ago } from "../ui/Ago";
import { detectorColor } from "../ui/colors";
import { JobProgress } from "../ui/JobProgress";
import { Page } from "../ui/Page";
import { Panel } from "../ui/Panel";
import { may, useCurrentProject } from "../ui/projectContext";
import { EmptyState, QueryView } from "../ui/states";
import { StatusBadge, toneOf } from "../ui/StatusBadge";
import { usePageTitle } from "../ui/usePageTitle";

export function RunsPage() {
  const project = useCurrentProject();
  usePageTitle("Runs", project.name);
  const query = useRuns({ project: project.id });
  const start = may(project, "manager") ? (
    <Button component={Link} to={paths.newRun(project.id)} leftSection={<Play size={15} aria-hidden />}>
      New run
    </Button>
  ) : null;
  return (
    <Page
      title="Runs"
      summary="A run is one detector, trained on this project's footage, and its scores."
      actions={
        <Group gap="xs">
          {(query.data ?? []).filter(({ stage }) => stage === "done").length > 1 && (
            <Button
              variant="default"
              component={Link}
              to={paths.compare(project.id)}
              leftSection={<GitCompareArrows size={15} aria-hidden />}
            >
              Compare two
            </Button>
          )}
          {start}
        </Group>
      }
    >
      <QueryView query={query} loading={<Skeleton height={240} radius={6} />}>
        {(runs) =>
          runs.length === 0 ? (
            <EmptyState icon={<Activity aria-hidden />} title="No runs yet" action={start}>
              {start
                ? "Start one: a detector learns what is usual in the footage and marks what is not. No labels are needed."
                : "A manager of this project starts them. Their proposals then wait under Review."}
            </EmptyState>
          ) : (
            <RunsTable runs={runs} project={project} />
          )
        }
      </QueryView>
    </Page>
  );
}

function RunsTable({ runs, project }: { runs: readonly Run[]; project: Project }) {
  return (
    <Panel flush>
      <Table highlightOnHover>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Run</Table.Th>
            <Table.Th style={{ width: 280 }}>State</Table.Th>
            <Table.Th ta="right">Segments</Table.Th>
            <Table.Th ta="right">To review</Table.Th>
            <Table.Th ta="right">AUC</Table.Th>
            <Table.Th>Started</Table.Th>
            <Table.Th>
              <span className="visually-hidden">Actions</span>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {runs.map((run) => (
            <Table.Tr key={run.id}>
              <Table.Td>
                <span className={classes.runName}>
                  <span
                    className={classes.dot}
                    style={{ background: detectorColor(run.color_index) }}
                    aria-hidden
                  />
                  <Link to={paths.run(project.id, run.id)}>{runName(run)}</Link>
                </span>
                <div className={classes.dim}>
                  {run.name
                    ? `${run.detector_title}, ${run.preset}`
                    : `by ${run.created_by || "a former member"}`}
                  {run.mode === "supervised" && ", learned from verdicts"}
                </div>
              </Table.Td>
              <Table.Td>
                <RunState run={run} />
              </Table.Td>
              <Table.Td ta="right">{run.stage === "done" ? formatCount(run.segments) : "–"}</Table.Td>
              <Table.Td ta="right">
                {run.stage === "done" && run.to_review > 0 ? (
                  <Link to={paths.review(project.id, null, { run: run.id })}>
                    {formatCount(run.to_review)}
                  </Link>
                ) : run.stage === "done" ? (
                  "0"
                ) : (
                  "–"
                )}
              </Table.Td>
              <Table.Td ta="right">{formatScore(run.metrics?.micro_auc)}</Table.Td>
              <Table.Td className={classes.dim}>
                <Ago time={run.created_at} />
              </Table.Td>
              <Table.Td>
                <RunActions run={run} project={project} compact />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Panel>
  );
}

function RunState({ run }: { run: Run }) {
  if (isRunActive(run)) {
    return (
      <JobProgress
        progress={run.progress}
        waiting={run.stage === "queued" && run.job.status === "queued"}
        label={`Progress of ${runName(run)}`}
      />
    );
  }
  return (
    <div>
      <StatusBadge tone={toneOf(run.stage)}>{STAGE_NAMES[run.stage]}</StatusBadge>
      {run.stage === "failed" && <div className={classes.error}>{run.error}</div>}
      {run.stage === "done" && run.train_seconds !== null && (
        <div className={classes.dim}>Learned in {formatDuration(run.train_seconds)}</div>
      )}
    </div>
  );
}
