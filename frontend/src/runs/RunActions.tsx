import { ActionIcon, Button, Group, Menu } from "@mantine/core";
import { Ban, CopyPlus, MoreHorizontal, Pencil, RotateCcw, Trash2 } from "lucide-react";
import { Link, useNavigate } from "react-router";

import { isRunActive, useCancelRun, useDeleteRun, useRenameRun, useRetryRun } from "../api/queries/runs";
import type { Project, Run } from "../api/types";
import { plural } from "../lib/format";
import { paths } from "../lib/paths";
import { confirm } from "../ui/confirm";
import { notifyError } from "../ui/notify";
import { may } from "../ui/projectContext";
import { prompt } from "../ui/prompt";
import { runName } from "./names";

/** What one can do with a run. `compact`: in a table, everything but the main thing folds into a menu. */
export function RunActions({ run, project, compact }: { run: Run; project: Project; compact?: boolean }) {
  const cancel = useCancelRun();
  const retry = useRetryRun();
  const active = isRunActive(run);
  const retriable = run.stage === "failed" || run.stage === "cancelled";
  const onError = (error: unknown) => notifyError(error);
  const manages = may(project, "manager");
  const size = compact ? "xs" : "sm";
  return (
    <Group gap={6} justify="flex-end" wrap="nowrap">
      {run.stage === "done" && (
        <Button
          component={Link}
          to={paths.review(project.id, null, { run: run.id })}
          size={size}
          variant={compact ? "default" : "filled"}
        >
          Review
        </Button>
      )}
      {manages && active && !compact && (
        <Button
          variant="default"
          leftSection={<Ban size={15} aria-hidden />}
          loading={cancel.isPending}
          disabled={run.job.cancel_requested}
          onClick={() => cancel.mutate(run.id, { onError })}
        >
          {run.job.cancel_requested ? "Stopping" : "Cancel"}
        </Button>
      )}
      {manages && retriable && (
        <Button
          variant="default"
          size={size}
          leftSection={<RotateCcw size={15} aria-hidden />}
          loading={retry.isPending}
          onClick={() => retry.mutate(run.id, { onError })}
        >
          {run.stage === "failed" ? "Try again" : "Go on"}
        </Button>
      )}
      {manages && <RunMenu run={run} project={project} withCancel={compact === true && active} />}
    </Group>
  );
}

function RunMenu({ run, project, withCancel }: { run: Run; project: Project; withCancel: boolean }) {
  const navigate = useNavigate();
  const cancel = useCancelRun();
  const rename = useRenameRun();
  const remove = useDeleteRun();
  const name = runName(run);
  return (
    <Menu position="bottom-end" width={190}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label={`More about ${name}`}>
          <MoreHorizontal size={17} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {withCancel && (
          <Menu.Item
            leftSection={<Ban size={15} />}
            onClick={() => cancel.mutate(run.id, { onError: (error) => notifyError(error) })}
          >
            Cancel
          </Menu.Item>
        )}
        <Menu.Item
          leftSection={<CopyPlus size={15} />}
          component={Link}
          to={paths.newRun(project.id, run.id)}
        >
          New run like this
        </Menu.Item>
        <Menu.Item
          leftSection={<Pencil size={15} />}
          onClick={() =>
            prompt({
              title: "Rename run",
              label: "Name",
              value: name,
              action: "Rename",
              run: (text) => rename.mutateAsync({ id: run.id, name: text }),
            })
          }
        >
          Rename
        </Menu.Item>
        <Menu.Item
          leftSection={<Trash2 size={15} />}
          c="var(--mantine-color-error)"
          onClick={() =>
            confirm({
              title: "Delete this run?",
              body: (
                <>
                  <b>{name}</b>, its model, its scores and its {plural(run.segments, "proposed segment")} will
                  be removed. Verdicts that people gave are kept. This cannot be undone.
                </>
              ),
              action: "Delete run",
              run: async () => {
                await remove.mutateAsync(run.id);
                await navigate(paths.runs(project.id));
              },
            })
          }
        >
          Delete
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
