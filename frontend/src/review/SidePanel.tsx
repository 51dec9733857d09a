import { Tabs } from "@mantine/core";
import type { ComponentType } from "react";

import { useStore } from "../lib/store";
import { useReviewSession } from "./session";
import classes from "./desk.module.css";

export type DeskPanel = { id: string; name: string; Panel: ComponentType };

/** The right-hand side. With one panel there is nothing to choose, so there are no tabs. */
export function SidePanel({ panels }: { panels: readonly DeskPanel[] }) {
  const { queue, tools } = useReviewSession();
  const tab = useStore(tools.tab, (id) => id);
  const [only] = panels;
  if (panels.length === 1 && only) {
    return (
      <aside className={classes.side} aria-label={only.name} aria-busy={queue.loading}>
        <only.Panel />
      </aside>
    );
  }
  return (
    <aside className={classes.side}>
      <Tabs
        value={panels.some(({ id }) => id === tab) ? tab : (only?.id ?? null)}
        onChange={(id) => tools.tab.set(id)}
        keepMounted={false}
        className={classes.tabs ?? ""}
      >
        <Tabs.List>
          {panels.map(({ id, name }) => (
            <Tabs.Tab key={id} value={id}>
              {name}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {panels.map(({ id, Panel }) => (
          <Tabs.Panel key={id} value={id} className={classes.tabPanel ?? ""}>
            <Panel />
          </Tabs.Panel>
        ))}
      </Tabs>
    </aside>
  );
}
