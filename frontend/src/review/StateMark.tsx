import { Check, CircleDashed, CircleHelp, PencilLine, TriangleAlert, X } from "lucide-react";
import type { ReactNode } from "react";

import type { Severity } from "../api/types";
import { type ItemState, STATE_NAMES } from "./items";
import classes from "./desk.module.css";

const ICONS: Record<ItemState, ReactNode> = {
  proposed: <CircleDashed size={13} aria-hidden />,
  accepted: <Check size={13} aria-hidden />,
  rejected: <X size={13} aria-hidden />,
  adjusted: <PencilLine size={13} aria-hidden />,
  unsure: <CircleHelp size={13} aria-hidden />,
};

/** The state of an item, in icon and words. */
export function StateMark({ state }: { state: ItemState }) {
  return (
    <span className={classes.state} data-state={state}>
      {ICONS[state]} {STATE_NAMES[state]}
    </span>
  );
}

const STRENGTH: Record<Severity, number> = { high: 3, medium: 2, low: 1 };

/** How far an item stands out: bars and a word, not colour alone. */
export function SeverityMark({ severity }: { severity: Severity }) {
  return (
    <span className={classes.severity} data-severity={severity} title={`Stands out: ${severity}`}>
      {severity === "high" ? (
        <TriangleAlert size={12} aria-hidden />
      ) : (
        <span className={classes.bars} data-strength={STRENGTH[severity]} aria-hidden>
          <i />
          <i />
          <i />
        </span>
      )}
      {severity}
    </span>
  );
}
