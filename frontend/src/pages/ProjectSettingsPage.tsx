import { Page } from "../ui/Page";

export function ProjectSettingsPage() {
  return <Page title="ProjectSettings">{null}</Page>;
}
