import { Button, PasswordInput, Stack, Text, TextInput, Title } from "@mantine/core";
import { type SyntheticEvent, useState } from "react";
import { Navigate, useSearchParams } from "react-router";

import { useSession, useSignIn } from "../api/queries/session";
import { fieldError, hasOtherFields } from "../lib/errors";
import { paths, safeNext } from "../lib/paths";
import { FormError } from "../ui/FormError";
import { EntryFrame } from "../ui/EntryFrame";
import { usePageTitle } from "../ui/usePageTitle";

const FIELDS = ["username", "password"] as const;

export function SignInPage() {
  usePageTitle("Sign in");
  const [search] = useSearchParams();
  // asking for the session also sets the CSRF cookie that signing in needs
  const session = useSession();
  const signIn = useSignIn();
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");

  if (session.data?.user) return <Navigate to={safeNext(search.get("next")) ?? paths.projects} replace />;

  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    signIn.mutate({ username: username.trim(), password });
  };

  return (
    <EntryFrame>
      <form onSubmit={submit}>
        <Stack gap="md">
          <Title order={1}>Sign in</Title>
          <TextInput
            label="Username"
            autoComplete="username"
            autoCapitalize="none"
            autoFocus
            required
            withAsterisk={false}
            value={username}
            error={fieldError(signIn.error, "username")}
            onChange={(event) => setUsername(event.currentTarget.value)}
          />
          <PasswordInput
            label="Password"
            autoComplete="current-password"
            required
            withAsterisk={false}
            value={password}
            error={fieldError(signIn.error, "password")}
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
          {hasOtherFields(signIn.error, FIELDS) && <FormError error={signIn.error} />}
          <Button type="submit" loading={signIn.isPending} fullWidth>
            Sign in
          </Button>
          <Text size="sm" c="dimmed">
            No account yet? A manager of a project can make one for you, with a link that signs you in the
            first time. Password lost? Whoever runs this server can set a new one.
          </Text>
        </Stack>
      </form>
    </EntryFrame>
  );
}
