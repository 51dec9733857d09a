import { Page } from "../ui/Page";

export function ReviewPage() {
  return <Page title="Review">{null}</Page>;
}
