import { Button, Group } from "@mantine/core";
import { useRouteError } from "react-router";

import { paths } from "../lib/paths";
import { usePageTitle } from "../ui/usePageTitle";
import classes from "../ui/layout.module.css";
import { EmptyState } from "../ui/states";

/** The last resort: a page that could not be shown, most often because a newer version was installed meanwhile. */
export function CrashPage() {
  const error = useRouteError();
  const outdated = error instanceof TypeError && /import|module/i.test(error.message);
  usePageTitle("Error");
  return (
    <main className={classes.page}>
      <EmptyState
        title={outdated ? "A newer version was installed" : "This page stopped working"}
        action={
          <Group>
            <Button onClick={() => window.location.reload()}>Reload</Button>
            <Button variant="default" component="a" href={paths.projects}>
              All projects
            </Button>
          </Group>
        }
      >
        {outdated
          ? "Reload the page to get it. Uploads go on where they stopped."
          : "Nothing on the server was lost. Reload the page; if it happens again, tell whoever runs this server what you did."}
      </EmptyState>
    </main>
  );
}
