import { Button, Stack, Text, Title } from "@mantine/core";
import { useEffect, useRef } from "react";
import { Link, useNavigate, useParams } from "react-router";

import { useSession, useSignInByLink } from "../api/queries/session";
import { ApiError } from "../api/client";
import { errorSentence } from "../lib/errors";
import { paths } from "../lib/paths";
import { EntryFrame } from "../ui/EntryFrame";
import { LoadingState } from "../ui/states";
import { usePageTitle } from "../ui/usePageTitle";

/** Uses up a one-time link, then leads to the demo project, or to all projects. */
export function SignInLinkPage() {
  usePageTitle("Sign in");
  const { secret = "" } = useParams();
  const session = useSession();
  const signIn = useSignInByLink();
  const navigate = useNavigate();
  const sent = useRef(false);
  const { mutateAsync } = signIn;
  const { refetch, isFetched } = session;

  useEffect(() => {
    // the session answer brings the CSRF cookie; and a link works once, so it must be sent once
    if (!isFetched || sent.current) return;
    sent.current = true;
    const enter = async () => {
      await mutateAsync(secret);
      const { data } = await refetch();
      await navigate(data?.demo_project ? paths.project(data.demo_project) : paths.projects, {
        replace: true,
      });
    };
    enter().catch(() => {
      // shown below, from the mutation's state
    });
  }, [isFetched, secret, mutateAsync, refetch, navigate]);

  if (!signIn.isError) return <LoadingState label="Signing you in" />;

  const spent = signIn.error instanceof ApiError && signIn.error.status === 400;
  const user = session.data?.user;
  return (
    <EntryFrame>
      <Stack gap="md">
        <Title order={1}>{spent ? "This link no longer works" : "Signing in did not work"}</Title>
        <Text role="alert">{errorSentence(signIn.error)}</Text>
        {spent && (
          <Text c="dimmed" size="sm">
            Each link works once, within a day. If you have set a password since, sign in with that.
          </Text>
        )}
        {user ? (
          <Button component={Link} to={paths.projects}>
            Go on as {user.display_name || user.username}
          </Button>
        ) : (
          <Button component={Link} to={paths.signIn()} variant="default">
            Sign in with a password
          </Button>
        )}
      </Stack>
    </EntryFrame>
  );
}
