import { CircleAlert } from "lucide-react";

import { errorSentence } from "../lib/errors";
import classes from "./status.module.css";

/** The refusal of a whole form, above its button. */
export function FormError({ error }: { error: unknown }) {
  if (error === null || error === undefined) return null;
  return (
    <p className={classes.formError} role="alert">
      <CircleAlert size={15} aria-hidden />
      <span>{errorSentence(error)}</span>
    </p>
  );
}
