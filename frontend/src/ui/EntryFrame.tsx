import { Text } from "@mantine/core";
import type { ReactNode } from "react";

import classes from "./entry.module.css";
import { Mark } from "./Mark";

/** The frame of the pages before signing in. */
export function EntryFrame({ children }: { children: ReactNode }) {
  return (
    <div className={classes.frame}>
      <header className={classes.product}>
        <Mark size={34} />
        <div>
          <Text fw={600} size="lg">
            vadreview
          </Text>
          <Text size="sm" c="dimmed">
            Hours of footage in, the few minutes that stand out, a labeled dataset out.
          </Text>
        </div>
      </header>
      <main id="content" className={classes.card}>
        {children}
      </main>
    </div>
  );
}
