import { Button, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";
import { useNavigate } from "react-router";

import { useChangeProject, useDeleteProject } from "../api/queries/projects";
import type { Project } from "../api/types";
import { fieldError, hasOtherFields } from "../lib/errors";
import { formatBytes, plural } from "../lib/format";
import { paths } from "../lib/paths";
import { AuditForm } from "../settings/AuditForm";
import { LabelsForm } from "../settings/LabelsForm";
import { PolicyForm } from "../settings/PolicyForm";
import settings from "../settings/settings.module.css";
import { confirm } from "../ui/confirm";
import { FormError } from "../ui/FormError";
import { notifyDone } from "../ui/notify";
import { Page } from "../ui/Page";
import { Panel } from "../ui/Panel";
import { may, useCurrentProject } from "../ui/projectContext";
import { EmptyState } from "../ui/states";
import { usePageTitle } from "../ui/usePageTitle";

const FIELDS = ["name", "description"] as const;

export function ProjectSettingsPage() {
  const project = useCurrentProject();
  usePageTitle("Settings", project.name);
  if (!may(project, "manager")) {
    return (
      <Page title="Settings" narrow>
        <EmptyState title="Managers change these">
          Your role here is {project.my_role}. Under Team you see who the managers of this project are.
        </EmptyState>
      </Page>
    );
  }
  return (
    <Page title="Settings" narrow>
      <Panel title="Project">
        <AboutForm project={project} />
      </Panel>
      <Panel
        title="Labels"
        summary="What a reviewer says an event is, with one key. The order decides the keys."
      >
        <LabelsForm project={project} />
      </Panel>
      <Panel
        title="Threshold policy"
        summary="How the scores of a run become the segments that people review."
      >
        <PolicyForm project={project} />
      </Panel>
      <Panel
        title="Audit"
        summary="A share of the footage, picked by chance, measures how good runs are and never teaches them."
      >
        <AuditForm project={project} />
      </Panel>
      <Panel title="Delete">
        <DeleteProject project={project} />
      </Panel>
    </Page>
  );
}

function AboutForm({ project }: { project: Project }) {
  const change = useChangeProject(project.id);
  const [name, setName] = useState(project.name);
  const [description, setDescription] = useState(project.description);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        change.mutate(
          { name: name.trim(), description: description.trim() },
          { onSuccess: () => notifyDone("The project is saved.") },
        );
      }}
    >
      <Stack gap="md">
        <TextInput
          label="Name"
          maxLength={150}
          value={name}
          error={fieldError(change.error, "name")}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Textarea
          label="Description"
          autosize
          minRows={2}
          maxRows={8}
          maxLength={2000}
          value={description}
          error={fieldError(change.error, "description")}
          onChange={(event) => setDescription(event.currentTarget.value)}
        />
        {change.isError && hasOtherFields(change.error, FIELDS) && <FormError error={change.error} />}
        <div>
          <Button type="submit" loading={change.isPending} disabled={!name.trim()}>
            Save
          </Button>
        </div>
      </Stack>
    </form>
  );
}

function DeleteProject({ project }: { project: Project }) {
  const navigate = useNavigate();
  const remove = useDeleteProject(project.id);
  const { counts } = project;
  const what = `${plural(counts.videos, "video")} (${formatBytes(project.storage_bytes)}), ${plural(counts.runs, "run")}, and all verdicts and datasets`;
  return (
    <div className={settings.danger}>
      <Text size="sm" c="dimmed" maw={520}>
        Removes {what}. This cannot be undone; export a dataset first if the verdicts matter.
      </Text>
      <Button
        variant="default"
        c="var(--mantine-color-error)"
        onClick={() =>
          confirm({
            title: "Delete this project?",
            body: `${what} will be removed from the server for good.`,
            action: "Delete project",
            typed: project.name,
            run: async (typed) => {
              await remove.mutateAsync(typed);
              await navigate(paths.projects);
            },
          })
        }
      >
        Delete project
      </Button>
    </div>
  );
}
