import { Button, Group, Stack, TextInput } from "@mantine/core";
import { modals } from "@mantine/modals";
import { useState } from "react";

import { FormError } from "./FormError";

type Prompt = {
  title: string;
  label: string;
  value: string;
  action: string;
  run: (text: string) => Promise<unknown>;
};

/** Ask for one line of text: a new name. */
export function prompt(question: Prompt): void {
  const id = `prompt:${question.title}`;
  modals.open({
    modalId: id,
    title: question.title,
    children: <PromptForm {...question} close={() => modals.close(id)} />,
  });
}

function PromptForm(props: Prompt & { close: () => void }) {
  const [text, setText] = useState(props.value);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);

  const run = async () => {
    setBusy(true);
    try {
      await props.run(text.trim());
      props.close();
    } catch (refusal) {
      setError(refusal);
      setBusy(false);
    }
  };

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (text.trim()) void run();
      }}
    >
      <Stack gap="md">
        <TextInput
          label={props.label}
          value={text}
          maxLength={255}
          data-autofocus
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <FormError error={error} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={props.close}>
            Cancel
          </Button>
          <Button type="submit" disabled={!text.trim()} loading={busy}>
            {props.action}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
