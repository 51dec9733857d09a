import { Text, Title } from "@mantine/core";
import { ChevronLeft } from "lucide-react";
import type { ReactNode } from "react";
import { Link } from "react-router";

import classes from "./layout.module.css";

/** The frame of an ordinary page: one main landmark, one heading, its actions. The desk does without it. */
export function Page(props: {
  title: ReactNode;
  summary?: ReactNode;
  /** the page above this one, when it is not a tab of the bar */
  up?: { to: string; label: string };
  actions?: ReactNode;
  narrow?: boolean;
  children: ReactNode;
}) {
  return (
    <main
      id="content"
      tabIndex={-1}
      className={props.narrow ? `${classes.page} ${classes.narrow}` : classes.page}
    >
      <div className={classes.head}>
        <div className={classes.headText}>
          {props.up && (
            <Link to={props.up.to} className={classes.headCrumb}>
              <ChevronLeft size={14} aria-hidden />
              {props.up.label}
            </Link>
          )}
          <Title order={1}>{props.title}</Title>
          {props.summary && (
            <Text c="dimmed" component="div" mt={2}>
              {props.summary}
            </Text>
          )}
        </div>
        {props.actions}
      </div>
      {props.children}
    </main>
  );
}
