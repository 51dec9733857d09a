import { useEffect } from "react";

import { useStore } from "../lib/store";
import classes from "./desk.module.css";
import { useReviewSession } from "./session";

const SHOWN_MS = 1800;
const WARNING_MS = 4500;

/** Names what a key just did, over the picture's lower edge; it teaches the keys and takes no place. */
export function Toast() {
  const { tools } = useReviewSession();
  const toast = useStore(tools.toast, (value) => value);
  useEffect(() => {
    if (!toast) return;
    const timer = setTimeout(() => tools.toast.set(null), toast.tone === "warning" ? WARNING_MS : SHOWN_MS);
    return () => clearTimeout(timer);
  }, [toast, tools]);
  return (
    <div className={classes.toastPlace} role="status" aria-live="polite">
      {toast && (
        <div className={classes.toast} data-tone={toast.tone} data-testid="toast">
          {toast.text}
        </div>
      )}
    </div>
  );
}
