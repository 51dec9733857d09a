import { Button, SegmentedControl, Stack, TextInput, useMantineColorScheme } from "@mantine/core";
import { useState } from "react";

import { useChangeMe, useMe } from "../api/queries/session";
import type { Me } from "../api/types";
import { fieldError, hasOtherFields } from "../lib/errors";
import { PasswordForm } from "../settings/PasswordForm";
import { TokensPanel } from "../settings/TokensPanel";
import { FormError } from "../ui/FormError";
import { notifyDone } from "../ui/notify";
import { Page } from "../ui/Page";
import { Panel } from "../ui/Panel";
import { usePageTitle } from "../ui/usePageTitle";

const FIELDS = ["display_name", "email"] as const;
const SCHEMES = ["auto", "light", "dark"] as const;
const SCHEME_NAMES = { auto: "As the system", light: "Light", dark: "Dark" };

export function AccountPage() {
  usePageTitle("Account");
  const me = useMe();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <Page title="Account" summary={`Signed in as ${me.username}`} narrow>
      <Panel title="You">
        <NameForm me={me} />
      </Panel>
      <Panel title="Theme" summary="In this browser.">
        <SegmentedControl
          aria-label="Theme"
          value={colorScheme}
          data={SCHEMES.map((value) => ({ value, label: SCHEME_NAMES[value] }))}
          onChange={(value) => setColorScheme(SCHEMES.find((scheme) => scheme === value) ?? "auto")}
        />
      </Panel>
      <Panel
        title="Password"
        summary={
          me.has_password
            ? undefined
            : "You came in by a link and have none yet. Without one you need a new link next time."
        }
      >
        <PasswordForm me={me} />
      </Panel>
      <TokensPanel />
    </Page>
  );
}

function NameForm({ me }: { me: Me }) {
  const change = useChangeMe();
  const [name, setName] = useState(me.display_name);
  const [email, setEmail] = useState(me.email);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        change.mutate(
          { display_name: name.trim(), email: email.trim() },
          { onSuccess: () => notifyDone("Your account is saved.") },
        );
      }}
    >
      <Stack gap="md" maw={400}>
        <TextInput
          label="Name"
          description="How others see you; left empty, your username"
          autoComplete="name"
          maxLength={150}
          value={name}
          error={fieldError(change.error, "display_name")}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <TextInput
          label="E-mail"
          type="email"
          autoComplete="email"
          value={email}
          error={fieldError(change.error, "email")}
          onChange={(event) => setEmail(event.currentTarget.value)}
        />
        {change.isError && hasOtherFields(change.error, FIELDS) && <FormError error={change.error} />}
        <div>
          <Button type="submit" loading={change.isPending}>
            Save
          </Button>
        </div>
      </Stack>
    </form>
  );
}
