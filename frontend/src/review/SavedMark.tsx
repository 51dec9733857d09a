import { Tooltip } from "@mantine/core";
import { Check, CloudOff, LoaderCircle } from "lucide-react";

import { plural } from "../lib/format";
import { useStore } from "../lib/store";
import classes from "./desk.module.css";
import { useReviewSession } from "./session";

/** Is everything I decided on the server? */
export function SavedMark() {
  const { outbox, mayDecide } = useReviewSession();
  const { waiting, trouble } = useStore(outbox.store, (value) => value);
  if (!mayDecide) return null;
  if (waiting.length === 0) {
    return (
      <span className={classes.saved} data-testid="saved">
        <Check size={13} aria-hidden /> saved
      </span>
    );
  }
  if (!trouble) {
    return (
      <span className={classes.saved} data-testid="saved">
        <LoaderCircle size={13} aria-hidden /> saving
      </span>
    );
  }
  const why = trouble === "signed out" ? "You were signed out." : "The server cannot be reached.";
  return (
    <Tooltip
      multiline
      w={260}
      label={`${why} Your decisions are kept in this browser and sent as soon as it works again.`}
    >
      <button
        type="button"
        className={classes.unsent}
        data-testid="saved"
        onClick={() => void outbox.flush()}
      >
        <CloudOff size={13} aria-hidden /> {plural(waiting.length, "decision")} waiting: try now
      </button>
    </Tooltip>
  );
}
