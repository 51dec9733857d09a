import { Modal, Table, Text } from "@mantine/core";
import { Link } from "react-router";

import { useLineage } from "../api/queries/teaching";
import type { Dataset, Lineage, Project } from "../api/types";
import { formatCount, plural } from "../lib/format";
import { paths } from "../lib/paths";
import { STAGE_NAMES } from "../runs/names";
import { Ago } from "../ui/Ago";
import { QueryView } from "../ui/states";
import classes from "./teaching.module.css";

/** Where a dataset comes from, and which runs learned from it. */
export function LineageModal(props: { dataset: Dataset | null; close: () => void; project: Project }) {
  const query = useLineage(props.dataset?.id ?? null);
  return (
    <Modal
      opened={props.dataset !== null}
      onClose={props.close}
      title={`What “${props.dataset?.name ?? ""}” teaches`}
      size="lg"
    >
      <QueryView query={query}>{(lineage) => <Facts lineage={lineage} project={props.project} />}</QueryView>
    </Modal>
  );
}

function Facts({ lineage, project }: { lineage: Lineage; project: Project }) {
  const { verdicts, frames } = lineage;
  return (
    <div className={classes.facts}>
      <p>
        {plural(verdicts.accept, "accepted span")} and {formatCount(verdicts.reject)} rejected teach:{" "}
        {plural(frames.abnormal, "frame")} abnormal, {formatCount(frames.normal)} normal.
      </p>
      {verdicts.audit > 0 && (
        <p>
          {plural(verdicts.audit, "verdict")} of the audit share ({Math.round(lineage.audit_share * 100)} %)
          only {verdicts.audit === 1 ? "measures" : "measure"}.
        </p>
      )}
      {(verdicts.disputed > 0 || frames.disputed > 0) && (
        <p>
          People contradict each other about {plural(verdicts.disputed, "span")} and{" "}
          {plural(frames.disputed, "frame")}, which teach neither.
        </p>
      )}
      <p>
        Decided by{" "}
        {lineage.reviewers.length === 0
          ? "nobody"
          : lineage.reviewers.map((one) => `${one.reviewer_name} (${one.verdicts})`).join(", ")}
        .
        {lineage.proposed_by.length > 0 &&
          ` It answers the proposals of ${plural(lineage.proposed_by.length, "run")}.`}
      </p>
      {lineage.runs.length === 0 ? (
        <Text size="sm" c="dimmed">
          No run has learned from it yet.
        </Text>
      ) : (
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Runs that learned from it</Table.Th>
              <Table.Th>State</Table.Th>
              <Table.Th>Started</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {lineage.runs.map((run) => (
              <Table.Tr key={run.id}>
                <Table.Td>
                  <Link to={paths.run(project.id, run.id)}>
                    {run.name || `${run.detector_title} (${run.preset})`}
                  </Link>
                </Table.Td>
                <Table.Td>{STAGE_NAMES[run.stage]}</Table.Td>
                <Table.Td>
                  <Ago time={run.created_at} />
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </div>
  );
}
