import { Button, Group, Modal, Skeleton, Stack, Table, Text, TextInput } from "@mantine/core";
import { useState } from "react";

import { useCreateToken, useDeleteToken, useTokens } from "../api/queries/tokens";
import type { NewToken, Token } from "../api/types";
import { fieldError, hasOtherFields } from "../lib/errors";
import { Ago } from "../ui/Ago";
import { confirm } from "../ui/confirm";
import { CopyField } from "../ui/CopyField";
import { FormError } from "../ui/FormError";
import { Panel } from "../ui/Panel";
import { QueryView } from "../ui/states";
import classes from "../ui/table.module.css";

/** Secrets for scripts. */
export function TokensPanel() {
  const tokens = useTokens();
  const [made, setMade] = useState<NewToken | null>(null);
  return (
    <Panel
      title="API tokens"
      summary={
        <>
          For scripts: send <code>Authorization: Token …</code>. A token may do whatever you may.
        </>
      }
    >
      <Stack gap="md">
        <NewTokenForm onMade={setMade} />
        <QueryView query={tokens} loading={<Skeleton height={60} />}>
          {(rows) =>
            rows.length === 0 ? (
              <Text size="sm" c="dimmed">
                You have no tokens.
              </Text>
            ) : (
              <div className={classes.scroll}>
                <Table>
                  <Table.Thead>
                    <Table.Tr>
                      <Table.Th>Name</Table.Th>
                      <Table.Th>Begins with</Table.Th>
                      <Table.Th>Last used</Table.Th>
                      <Table.Th>
                        <span className="visually-hidden">Actions</span>
                      </Table.Th>
                    </Table.Tr>
                  </Table.Thead>
                  <Table.Tbody>
                    {rows.map((token) => (
                      <TokenRow key={token.id} token={token} />
                    ))}
                  </Table.Tbody>
                </Table>
              </div>
            )
          }
        </QueryView>
      </Stack>
      <Modal
        opened={made !== null}
        onClose={() => setMade(null)}
        title="Your new token"
        size="lg"
        closeOnClickOutside={false}
      >
        {made && (
          <Stack gap="md">
            <CopyField
              label={made.name}
              description="It is shown only now: the server keeps no copy that could be read."
              value={made.secret}
            />
            <Group justify="flex-end">
              <Button onClick={() => setMade(null)}>Done</Button>
            </Group>
          </Stack>
        )}
      </Modal>
    </Panel>
  );
}

function NewTokenForm({ onMade }: { onMade: (token: NewToken) => void }) {
  const create = useCreateToken();
  const [name, setName] = useState("");
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        create.mutate(name.trim(), {
          onSuccess: (token) => {
            setName("");
            onMade(token);
          },
        });
      }}
    >
      <Group align="flex-end" gap="xs">
        <TextInput
          label="New token"
          placeholder="What it is for, like: nightly upload"
          maxLength={100}
          style={{ flex: 1 }}
          value={name}
          error={fieldError(create.error, "name")}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Button type="submit" variant="default" disabled={!name.trim()} loading={create.isPending}>
          Make a token
        </Button>
      </Group>
      {create.isError && hasOtherFields(create.error, ["name"]) && <FormError error={create.error} />}
    </form>
  );
}

function TokenRow({ token }: { token: Token }) {
  const remove = useDeleteToken();
  return (
    <Table.Tr>
      <Table.Td className={classes.strong}>{token.name}</Table.Td>
      <Table.Td>
        <code>{token.prefix}</code>
      </Table.Td>
      <Table.Td className={classes.dim}>
        {token.last_used_at ? <Ago time={token.last_used_at} /> : "never"}
      </Table.Td>
      <Table.Td ta="right">
        <Button
          variant="subtle"
          color="gray"
          size="xs"
          aria-label={`Revoke ${token.name}`}
          onClick={() =>
            confirm({
              title: `Revoke “${token.name}”?`,
              body: "Scripts that use it stop working at once.",
              action: "Revoke token",
              run: () => remove.mutateAsync(token.id),
            })
          }
        >
          Revoke
        </Button>
      </Table.Td>
    </Table.Tr>
  );
}
