import { Page } from "../ui/Page";

export function NewRunPage() {
  return <Page title="NewRun">{null}</Page>;
}
