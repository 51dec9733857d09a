import { Page } from "../ui/Page";

export function TeamPage() {
  return <Page title="Team">{null}</Page>;
}
