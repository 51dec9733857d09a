import { Page } from "../ui/Page";

export function FootagePage() {
  return <Page title="Footage">{null}</Page>;
}
