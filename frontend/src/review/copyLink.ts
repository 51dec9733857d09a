import { copyText } from "../lib/clipboard";
import { withFrame } from "./place";
import { say, type Tools } from "./tools";

/** Copy the address of exactly this view: frame, item, zoom, panel. */
export function copyLink(tools: Tools): void {
  const { pathname, origin, search } = window.location;
  const where = { view: tools.view.get(), tab: tools.tab.get() };
  const address = origin + pathname + withFrame(search, tools.clock.get().frame, where);
  void copyText(address).then((copied) =>
    say(
      tools,
      copied ? "Link to this view copied" : `Copy it yourself: ${address}`,
      copied ? "plain" : "warning",
    ),
  );
}
