import { Button, Center, Loader, Stack, Text, Title } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";
import { CircleAlert, SearchX } from "lucide-react";
import type { ReactNode } from "react";
import { Link } from "react-router";

import { errorSentence, isStatus } from "../lib/errors";
import { paths } from "../lib/paths";
import classes from "./states.module.css";

/** Nothing here yet: say so, and what to do next. */
export function EmptyState(props: {
  icon?: ReactNode;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className={classes.state}>
      {props.icon && <div className={classes.icon}>{props.icon}</div>}
      <Title order={2}>{props.title}</Title>
      {props.children && (
        <Text c="dimmed" maw={520} ta="center" component="div">
          {props.children}
        </Text>
      )}
      {props.action}
    </div>
  );
}

/** What went wrong, in the server's words, with a way to try again. */
export function ErrorState(props: { error: unknown; retry?: (() => void) | undefined; title?: string }) {
  const missing = isStatus(props.error, 404);
  return (
    <div className={classes.state} role="alert">
      <div className={classes.icon}>{missing ? <SearchX aria-hidden /> : <CircleAlert aria-hidden />}</div>
      <Title order={2}>{props.title ?? (missing ? "Not found" : "This could not be loaded")}</Title>
      <Text c="dimmed" maw={520} ta="center">
        {errorSentence(props.error)}
      </Text>
      {missing && (
        <Button variant="default" component={Link} to={paths.projects}>
          All projects
        </Button>
      )}
      {props.retry && !missing && (
        <Button variant="default" onClick={props.retry}>
          Try again
        </Button>
      )}
    </div>
  );
}

export function LoadingState({ label = "Loading" }: { label?: string }) {
  return (
    <Center mih={240} role="status">
      <Stack align="center" gap="xs">
        <Loader size="sm" aria-hidden />
        <Text size="sm" c="dimmed">
          {label}
        </Text>
      </Stack>
    </Center>
  );
}

/** A query's three faces. Old data stays on the screen while a newer answer is on its way or has failed. */
export function QueryView<T>(props: {
  query: UseQueryResult<T>;
  loading?: ReactNode;
  children: (data: T) => ReactNode;
}) {
  const { query } = props;
  if (query.data !== undefined) return props.children(query.data);
  if (query.isError) return <ErrorState error={query.error} retry={() => void query.refetch()} />;
  return props.loading ?? <LoadingState />;
}
