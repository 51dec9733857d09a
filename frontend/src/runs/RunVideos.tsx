import { Table } from "@mantine/core";
import { Link } from "react-router";

import { isActive } from "../api/polling";
import type { Run, RunVideo } from "../api/types";
import { formatDuration } from "../lib/format";
import { paths } from "../lib/paths";
import { JobProgress } from "../ui/JobProgress";
import { StatusBadge, toneOf } from "../ui/StatusBadge";
import classes from "./runs.module.css";

/** Every video of a run: what it was used for, and how far its scoring is. */
export function RunVideos({ run }: { run: Run }) {
  return (
    <Table>
      <Table.Thead>
        <Table.Tr>
          <Table.Th w="100%">Video</Table.Th>
          <Table.Th className={classes.oneLine}>Learned from</Table.Th>
          <Table.Th miw={260}>Scoring</Table.Th>
          <Table.Th ta="right">Took</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {run.videos.map((row) => (
          <Table.Tr key={row.video}>
            <Table.Td className={classes.videoName} title={row.name}>
              {row.job?.status === "done" ? (
                <Link to={paths.review(run.project, row.video, { run: run.id })}>{row.name}</Link>
              ) : (
                row.name
              )}
            </Table.Td>
            <Table.Td>{row.trains ? "Yes" : "No"}</Table.Td>
            <Table.Td>
              <ScoringState row={row} />
            </Table.Td>
            <Table.Td ta="right" className={classes.dim}>
              {row.seconds === null ? "" : formatDuration(row.seconds)}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

function ScoringState({ row }: { row: RunVideo }) {
  const { job } = row;
  if (!row.scores) return <span className={classes.dim}>Not scored</span>;
  if (job === null) return <StatusBadge tone="waiting">After the learning</StatusBadge>;
  if (isActive(job)) {
    return <JobProgress progress={job} waiting={job.status === "queued"} label={`Scoring of ${row.name}`} />;
  }
  return (
    <div>
      <StatusBadge tone={toneOf(job.status)}>
        {job.status === "done" ? "Scored" : job.status === "failed" ? "Failed" : "Cancelled"}
      </StatusBadge>
      {job.error && <div className={classes.error}>{job.error}</div>}
      {row.notes.map((note) => (
        <div key={note} className={classes.dim}>
          {note}
        </div>
      ))}
    </div>
  );
}
