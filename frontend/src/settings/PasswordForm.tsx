import { Button, PasswordInput, Stack } from "@mantine/core";
import { useState } from "react";

import { useChangePassword } from "../api/queries/session";
import type { Me } from "../api/types";
import { fieldError, hasOtherFields } from "../lib/errors";
import { FormError } from "../ui/FormError";
import { notifyDone } from "../ui/notify";

const FIELDS = ["old_password", "new_password"] as const;

export function PasswordForm({ me }: { me: Me }) {
  const change = useChangePassword();
  const [old, setOld] = useState("");
  const [fresh, setFresh] = useState("");
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        change.mutate(
          me.has_password ? { old_password: old, new_password: fresh } : { new_password: fresh },
          {
            onSuccess: () => {
              setOld("");
              setFresh("");
              notifyDone("Your password is set. Other browsers were signed out.");
            },
          },
        );
      }}
    >
      <Stack gap="md" maw={400}>
        {/* password managers look for the name that a password belongs to */}
        <input type="text" name="username" autoComplete="username" value={me.username} readOnly hidden />
        {me.has_password && (
          <PasswordInput
            label="Old password"
            autoComplete="current-password"
            value={old}
            error={fieldError(change.error, "old_password")}
            onChange={(event) => setOld(event.currentTarget.value)}
          />
        )}
        <PasswordInput
          label="New password"
          description="At least 10 characters, and not a common one"
          autoComplete="new-password"
          value={fresh}
          error={fieldError(change.error, "new_password")}
          onChange={(event) => setFresh(event.currentTarget.value)}
        />
        {change.isError && hasOtherFields(change.error, FIELDS) && <FormError error={change.error} />}
        <div>
          <Button type="submit" disabled={!fresh || (me.has_password && !old)} loading={change.isPending}>
            {me.has_password ? "Change password" : "Set a password"}
          </Button>
        </div>
      </Stack>
    </form>
  );
}
