import { Button, Group, Text } from "@mantine/core";
import { Link } from "react-router";

import { useRun } from "../api/queries/runs";
import type { Project, Run } from "../api/types";
import { formatCount, plural } from "../lib/format";
import { paths } from "../lib/paths";
import { Panel } from "../ui/Panel";
import { runName } from "./names";

/** What verdicts taught this run, and the run before it. */
export function LearnedPanel({ run, project }: { run: Run; project: Project }) {
  const parent = useRun(run.parent).data;
  const { learned } = run;
  if (!learned) return null;
  const { accept = 0, reject = 0, disputed = 0, audit = 0 } = learned.verdicts;
  return (
    <Panel
      title="Learned from verdicts"
      summary="Figures of this run are human-in-the-loop: people's decisions are in it."
      actions={
        parent &&
        run.stage === "done" && (
          <Button
            size="xs"
            variant="default"
            component={Link}
            to={paths.compare(project.id, parent.id, run.id)}
          >
            Compare with the run before
          </Button>
        )
      }
    >
      <Group gap="xs">
        <Text size="sm">
          {plural(accept, "accepted span")} ({plural(learned.frames.abnormal ?? 0, "frame")}) and{" "}
          {plural(reject, "rejected one")} ({plural(learned.frames.normal ?? 0, "frame")}) of the dataset{" "}
          <Link to={paths.datasets(project.id)}>{learned.dataset_name}</Link>, decided by{" "}
          {learned.reviewers.join(", ")}.
          {disputed > 0 && ` ${formatCount(disputed)} disputed taught neither.`}
          {audit > 0 && ` ${formatCount(audit)} of the audit share were kept back to measure.`}
          {parent && (
            <>
              {" "}
              Otherwise as <Link to={paths.run(project.id, parent.id)}>{runName(parent)}</Link>.
            </>
          )}
        </Text>
      </Group>
    </Panel>
  );
}
