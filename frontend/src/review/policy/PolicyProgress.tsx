import { Button, Stack } from "@mantine/core";
import { useEffect, useRef } from "react";

import { useCancelPolicyChange, useForgetProposals } from "../../api/queries/policies";
import { isActive } from "../../api/polling";
import type { PolicyChange } from "../../api/types";
import { formatCount } from "../../lib/format";
import { runName } from "../../runs/names";
import { JobProgress } from "../../ui/JobProgress";
import { notifyError } from "../../ui/notify";
import { useReviewSession } from "../session";
import classes from "./policy.module.css";

const ENDS: Partial<Record<PolicyChange["job"]["status"], string>> = {
  done: "Done.",
  cancelled: "Cancelled. The runs below are changed, the others are as they were.",
};

/** How far a policy is on its way through several runs, and what it changed so far. */
export function PolicyProgress({ change }: { change: PolicyChange }) {
  const { project, runs } = useReviewSession();
  const cancel = useCancelPolicyChange(project.id);
  const forget = useForgetProposals();
  const active = isActive(change.job);
  const latest = useRef(forget);
  useEffect(() => {
    latest.current = forget;
  });
  // when the work ends, and when one looks away from it
  useEffect(() => (active ? () => latest.current() : undefined), [active]);
  return (
    <Stack gap="sm">
      {active ? (
        <div className={classes.job}>
          <JobProgress
            progress={change.job}
            waiting={change.job.status === "queued"}
            label={`Applying ${change.name}`}
          />
          <Button
            size="compact-sm"
            variant="default"
            disabled={change.job.cancel_requested}
            onClick={() => cancel.mutate(change.id, { onError: (error) => notifyError(error) })}
          >
            {change.job.cancel_requested ? "Stopping" : "Cancel"}
          </Button>
        </div>
      ) : (
        <p className={classes.facts} role="status">
          {ENDS[change.job.status] ?? change.job.error}
        </p>
      )}
      <ul className={classes.facts}>
        {change.results.map((one) => {
          const run = runs.find(({ id }) => id === one.run);
          return (
            <li key={one.run}>
              {run ? runName(run) : "A run"}: {formatCount(one.before)} → <b>{formatCount(one.after)}</b>{" "}
              items
            </li>
          );
        })}
      </ul>
    </Stack>
  );
}
