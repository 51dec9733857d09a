import { Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { modals } from "@mantine/modals";
import { type ReactNode, useState } from "react";

import { errorSentence } from "../lib/errors";

type Confirmation = {
  title: string;
  body: ReactNode;
  /** what the button does, as a verb: "Delete video" */
  action: string;
  /** a text to type first, for what cannot be undone and is large */
  typed?: string;
  run: (typed: string) => Promise<unknown>;
};

/** Ask before something that cannot be undone. The dialog stays open, and says why, when the server refuses. */
export function confirm(confirmation: Confirmation): void {
  const id = `confirm:${confirmation.title}`;
  modals.open({
    modalId: id,
    title: confirmation.title,
    children: <ConfirmForm {...confirmation} close={() => modals.close(id)} />,
  });
}

function ConfirmForm(props: Confirmation & { close: () => void }) {
  const [text, setText] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const allowed = props.typed === undefined || text.trim() === props.typed;

  const run = async () => {
    setBusy(true);
    setError(null);
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
        if (allowed && !busy) void run();
      }}
    >
      <Stack gap="md">
        <Text component="div">{props.body}</Text>
        {props.typed !== undefined && (
          <TextInput
            label={
              <>
                Type <b>{props.typed}</b> to confirm
              </>
            }
            value={text}
            autoComplete="off"
            data-autofocus
            onChange={(event) => setText(event.currentTarget.value)}
          />
        )}
        {error !== null && (
          <Text c="var(--mantine-color-error)" role="alert" size="sm">
            {errorSentence(error)}
          </Text>
        )}
        <Group justify="flex-end" gap="xs">
          <Button
            variant="default"
            onClick={props.close}
            {...(props.typed === undefined ? { "data-autofocus": true } : {})}
          >
            Cancel
          </Button>
          <Button type="submit" color="red.8" disabled={!allowed} loading={busy}>
            {props.action}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
