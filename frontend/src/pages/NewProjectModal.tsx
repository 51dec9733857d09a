import { Button, Group, Modal, Stack, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";
import { useNavigate } from "react-router";

import { useCreateProject } from "../api/queries/projects";
import { fieldError, hasOtherFields } from "../lib/errors";
import { paths } from "../lib/paths";
import { FormError } from "../ui/FormError";

const FIELDS = ["name", "description"] as const;

export function NewProjectModal({ opened, close }: { opened: boolean; close: () => void }) {
  const navigate = useNavigate();
  const create = useCreateProject();
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  return (
    <Modal opened={opened} onClose={close} title="New project">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          create.mutate(
            { name: name.trim(), description: description.trim() },
            { onSuccess: (project) => void navigate(paths.footage(project.id)) },
          );
        }}
      >
        <Stack gap="md">
          <TextInput
            label="Name"
            placeholder="Station north, platform 2"
            required
            withAsterisk={false}
            maxLength={150}
            data-autofocus
            value={name}
            error={fieldError(create.error, "name")}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Textarea
            label="Description"
            description="Optional. What the cameras see, and what you are looking for."
            autosize
            minRows={2}
            maxRows={6}
            maxLength={2000}
            value={description}
            error={fieldError(create.error, "description")}
            onChange={(event) => setDescription(event.currentTarget.value)}
          />
          {create.isError && hasOtherFields(create.error, FIELDS) && <FormError error={create.error} />}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
            <Button type="submit" loading={create.isPending} disabled={!name.trim()}>
              Create project
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
