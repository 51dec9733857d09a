import { TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";

import classes from "./status.module.css";

/** Something to consider before going on; not an error. */
export function Notice({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className={classes.notice}>
      <TriangleAlert size={16} aria-hidden />
      <div>
        <strong>{title}</strong>
        <div>{children}</div>
      </div>
    </div>
  );
}
