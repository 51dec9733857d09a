import { Check, CircleHelp, GitFork, Users, X } from "lucide-react";

import { inConflict, type Item } from "./items";
import classes from "./desk.module.css";
import { counting } from "./voices";

const WORDS: Record<string, string> = { accept: "accepted", reject: "rejected", unsure: "unsure" };
const ICONS: Record<string, typeof Check> = { accept: Check, reject: X, unsure: CircleHelp };

/** Who said what, in words: for a title, and for those who hear it. */
export function saidByOthers(item: Item): string {
  return item.others
    .map((one) => `${one.reviewer}: ${WORDS[one.decision] ?? one.decision}${one.settles ? " (settled)" : ""}`)
    .join(", ");
}

/** What the others say about an item, and whether people disagree. */
export function OthersMark({ item, names = false }: { item: Item; names?: boolean }) {
  const voice = counting(item.others);
  if (!voice) return null;
  const said = saidByOthers(item);
  const dispute = inConflict(item);
  const Icon = dispute ? GitFork : (ICONS[voice.decision] ?? Users);
  const short = dispute
    ? "conflict"
    : item.others.length === 1
      ? voice.reviewer
      : `${item.others.length} others`;
  return (
    <span className={classes.others} data-dispute={dispute || undefined} title={said}>
      <Icon size={12} aria-hidden />
      {names ? said : short}
      {!names && <span className="visually-hidden">: {said}</span>}
    </span>
  );
}
