import { Button, Skeleton, Text } from "@mantine/core";
import { Link } from "react-router";

import { useRunAudit } from "../api/queries/runs";
import type { Project, Run, RunAudit } from "../api/types";
import { formatCount, plural } from "../lib/format";
import { paths } from "../lib/paths";
import { Panel } from "../ui/Panel";
import { QueryView } from "../ui/states";
import classes from "./runs.module.css";

type Figure = RunAudit["precision"];

/** How good the run is, by footage that chance picked: what somebody chose to review cannot flatter it. */
export function AuditPanel({ run, project }: { run: Run; project: Project }) {
  const query = useRunAudit(run.id);
  if (query.data?.share === 0) return null;
  return (
    <Panel
      title="Audit"
      summary={
        query.data
          ? `By ${Math.round(query.data.share * 100)} % of the footage, picked by chance and never taught${query.data.human_in_the_loop ? "; human-in-the-loop: verdicts on the rest taught this run" : ""}.`
          : " "
      }
    >
      <QueryView query={query} loading={<Skeleton height={56} radius={6} />}>
        {(audit) => <Figures audit={audit} run={run} project={project} />}
      </QueryView>
    </Panel>
  );
}

function Figures({ audit, run, project }: { audit: RunAudit; run: Run; project: Project }) {
  const percent = (value: number) => `${Math.round(value * 100)} %`;
  const rate = (value: number) => value.toFixed(value < 10 ? 1 : 0);
  const facts: readonly (readonly [string, Figure, (value: number) => string])[] = [
    ["Proposals that are right", audit.precision, percent],
    ["Anomalies that are found", audit.recall, percent],
    ["False alarms an hour", audit.false_alarms_per_hour, rate],
  ];
  const left = audit.audit_proposals - audit.audit_proposals_reviewed;
  if (audit.audit_proposals_reviewed === 0 && audit.audit_windows_reviewed === 0) {
    return (
      <>
        <Text size="sm" c="dimmed">
          Nothing of the audit is reviewed yet. Review the queue, and this says how often the proposals are
          right and what the run misses.
        </Text>
        <GoOn run={run} project={project} label="Review" />
      </>
    );
  }
  return (
    <>
      <dl className={classes.facts} data-large>
        {facts.map(([name, figure, write]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              {figure ? write(figure.value) : "–"}
              {figure && (
                <Text span size="sm" c="dimmed" ml={6}>
                  {write(figure.low)} to {write(figure.high)}
                </Text>
              )}
            </dd>
          </div>
        ))}
      </dl>
      <Text size="sm" c="dimmed" mt="sm">
        {formatCount(audit.audit_proposals_reviewed)} of {plural(audit.audit_proposals, "proposal")} and{" "}
        {formatCount(audit.audit_windows_reviewed)} of {plural(audit.audit_windows, "window")} of 5 s in the
        audit are reviewed.{" "}
        {left > 0 && "Until all its proposals are, the figures may be too good or too bad. "}
        The ranges hold the truth 95 times of 100. Some items of the queue are picked by chance among what is
        not proposed: they tell what the run misses.
      </Text>
      {left > 0 && <GoOn run={run} project={project} label="Go on reviewing" />}
    </>
  );
}

function GoOn({ run, project, label }: { run: Run; project: Project; label: string }) {
  return (
    <Button
      mt="sm"
      size="xs"
      variant="default"
      component={Link}
      to={paths.review(project.id, null, { run: run.id })}
    >
      {label}
    </Button>
  );
}
