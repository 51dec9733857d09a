import { Button, Checkbox, Popover, Stack } from "@mantine/core";
import { useState } from "react";

import { usePropose } from "../../api/queries/segments";
import type { Run } from "../../api/types";
import { errorSentence } from "../../lib/errors";
import { plural } from "../../lib/format";
import { may } from "../../ui/projectContext";
import { useReviewSession } from "../session";
import { say, type Trial } from "../tools";
import { type Tuner, useStanding } from "../useTrial";
import classes from "./policy.module.css";

/** Says what applying would change, and for whom, before it does. */
export function ApplyTrial({ trial, run, tuner }: { trial: Trial; run: Run; tuner: Tuner }) {
  const { tools, mayDecide, project } = useReviewSession();
  const [opened, setOpened] = useState(false);
  const [later, setLater] = useState(false);
  const standing = useStanding();
  const propose = usePropose();
  const apply = (): void =>
    propose.mutate(
      { run: run.id, ...trial.tuning, save_policy: later },
      {
        onSuccess: () => {
          tuner.drop();
          say(tools, later ? `Applied; later runs of ${run.detector_title} begin so` : "Applied to this run");
        },
      },
    );
  const now = standing?.segments ?? null;
  const then = trial.preview?.segments ?? null;
  return (
    <Popover
      opened={opened}
      onChange={setOpened}
      position="top-start"
      width={320}
      shadow="md"
      trapFocus
      withArrow
    >
      <Popover.Target>
        <Button
          size="compact-xs"
          disabled={!mayDecide}
          title={mayDecide ? "What this changes, and for whom" : "Viewers cannot change this"}
          aria-expanded={opened}
          onClick={() => setOpened(!opened)}
        >
          Apply…
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Stack gap={8}>
          <p className={classes.facts}>
            <b>This run</b>
            {now !== null && then !== null
              ? `: ${plural(now, "item")} now, ${plural(then, "item")} then, over all its videos.`
              : " proposes its items anew, in all its videos."}
          </p>
          <p className={classes.dim}>
            No verdict is lost, and what you accepted stays accepted. Other runs do not change.
          </p>
          {may(project, "manager") && (
            <Checkbox
              size="xs"
              checked={later}
              label={`Later runs of ${run.detector_title} begin so too`}
              onChange={(event) => setLater(event.currentTarget.checked)}
            />
          )}
          {propose.error && (
            <p className={classes.facts} role="alert">
              {errorSentence(propose.error)}
            </p>
          )}
          <Button size="xs" data-autofocus loading={propose.isPending} onClick={apply}>
            Apply to this run
          </Button>
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}
