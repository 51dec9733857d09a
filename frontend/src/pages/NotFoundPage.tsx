import { Button } from "@mantine/core";
import { MapPinOff } from "lucide-react";
import { Link } from "react-router";

import { paths } from "../lib/paths";
import { Page } from "../ui/Page";
import { EmptyState } from "../ui/states";
import { usePageTitle } from "../ui/usePageTitle";

export function NotFoundPage() {
  usePageTitle("Not found");
  return (
    <Page title="Not found">
      <EmptyState
        icon={<MapPinOff aria-hidden />}
        title="There is nothing at this address"
        action={
          <Button component={Link} to={paths.projects}>
            All projects
          </Button>
        }
      >
        The link may be old, or what it pointed to was deleted.
      </EmptyState>
    </Page>
  );
}
