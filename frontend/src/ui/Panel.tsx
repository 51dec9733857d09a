import { Text, Title } from "@mantine/core";
import type { ReactNode } from "react";
import { useId } from "react";

import classes from "./panel.module.css";

/** A titled part of a page. */
export function Panel(props: {
  title?: ReactNode;
  summary?: ReactNode;
  actions?: ReactNode;
  flush?: boolean;
  children: ReactNode;
}) {
  const id = useId();
  return (
    <section className={classes.panel} aria-labelledby={props.title ? id : undefined}>
      {props.title && (
        <div className={classes.head}>
          <div>
            <Title order={2} id={id}>
              {props.title}
            </Title>
            {props.summary && (
              <Text c="dimmed" size="sm" mt={2} component="div">
                {props.summary}
              </Text>
            )}
          </div>
          {props.actions}
        </div>
      )}
      <div className={props.flush ? classes.flush : classes.body}>{props.children}</div>
    </section>
  );
}
