import { Skeleton } from "@mantine/core";
import { ChevronRight } from "lucide-react";
import { useParams } from "react-router";

import { useRun } from "../api/queries/runs";
import type { Project, Run } from "../api/types";
import { formatCount, formatDuration, formatScore, plural } from "../lib/format";
import { paths } from "../lib/paths";
import { AuditPanel } from "../runs/AuditPanel";
import { EffortPanel } from "../runs/EffortPanel";
import { JudgementPanel } from "../runs/JudgementPanel";
import { Learning } from "../runs/Learning";
import { LearnedPanel } from "../runs/LearnedPanel";
import { MetricsTable } from "../runs/MetricsTable";
import { runName } from "../runs/names";
import { RunActions } from "../runs/RunActions";
import { RunProgressPanel } from "../runs/RunProgressPanel";
import { RunSettings } from "../runs/RunSettings";
import { RunVideos } from "../runs/RunVideos";
import classes from "../runs/runs.module.css";
import { Ago } from "../ui/Ago";
import { detectorColor } from "../ui/colors";
import { Page } from "../ui/Page";
import { Panel } from "../ui/Panel";
import { may, useCurrentProject } from "../ui/projectContext";
import { QueryView } from "../ui/states";
import { usePageTitle } from "../ui/usePageTitle";

export function RunPage() {
  const project = useCurrentProject();
  const { runId } = useParams();
  const query = useRun(runId);
  const run = query.data;
  usePageTitle(run && runName(run), "Runs", project.name);
  return (
    <Page
      title={
        run ? (
          <span className={classes.runTitle}>
            <span
              className={classes.dot}
              style={{ background: detectorColor(run.color_index) }}
              aria-hidden
            />
            {runName(run)}
          </span>
        ) : (
          "Run"
        )
      }
      summary={run ? <Summary run={run} /> : " "}
      up={{ to: paths.runs(project.id), label: "Runs" }}
      actions={run && <RunActions run={run} project={project} />}
    >
      <QueryView query={query} loading={<Skeleton height={420} radius={6} />}>
        {(data) => <RunView run={data} project={project} />}
      </QueryView>
    </Page>
  );
}

function Summary({ run }: { run: Run }) {
  const what = run.name ? `${run.detector_title}, ${run.preset}. ` : "";
  return (
    <>
      {what}Started by {run.created_by || "a former member"} <Ago time={run.created_at} />
    </>
  );
}

function RunView({ run, project }: { run: Run; project: Project }) {
  return (
    <>
      <RunProgressPanel run={run} manages={may(project, "manager")} />
      {run.stage === "done" && <Outcome run={run} />}
      <LearnedPanel run={run} project={project} />
      {run.metrics && (
        <Panel
          title={run.learned ? "Against known events (human-in-the-loop)" : "Against known events"}
          flush
        >
          <MetricsTable metrics={run.metrics} />
        </Panel>
      )}
      {run.stage === "done" && <AuditPanel run={run} project={project} />}
      {run.metrics && <EffortPanel run={run} />}
      {run.stage === "done" && run.metrics && <JudgementPanel run={run} />}
      <Panel title="Learning">
        <Learning run={run} />
      </Panel>
      <Panel title="Videos" summary={videosSummary(run)} flush>
        <RunVideos run={run} />
      </Panel>
      <Panel>
        <details className={classes.fold}>
          <summary>
            <ChevronRight size={14} aria-hidden /> Settings, to do it again
          </summary>
          <RunSettings run={run} />
        </details>
      </Panel>
    </>
  );
}

function Outcome({ run }: { run: Run }) {
  const facts: readonly (readonly [string, string])[] = [
    ["Segments that stand out", formatCount(run.segments)],
    ...(run.audit_items > 0
      ? [["Picked by chance, for the audit", formatCount(run.audit_items)] as const]
      : []),
    ["Not yet decided by you", formatCount(run.to_review)],
    ["Threshold", formatScore(run.threshold)],
    ["Learned in", run.train_seconds === null ? "–" : formatDuration(run.train_seconds)],
    ["Computed on", run.device_used || "–"],
  ];
  return (
    <Panel>
      <dl className={classes.facts} data-large>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </Panel>
  );
}

function videosSummary(run: Run): string {
  const learned = run.videos.filter(({ trains }) => trains).length;
  const scored = run.videos.filter(({ scores }) => scores).length;
  return `Learns from ${plural(learned, "video")}, scores ${scored}`;
}
