import { Skeleton } from "@mantine/core";

import classes from "./footage.module.css";

/** As high as the rows that will stand here. */
export function VideoListSkeleton() {
  return (
    <div role="status" aria-label="Loading the footage">
      <div className={classes.tools} />
      <div className={classes.list}>
        {[0, 1, 2, 3].map((place) => (
          <div key={place} className={classes.row}>
            <Skeleton height={60} width={107} radius={3} />
            <Skeleton height={14} width="60%" />
          </div>
        ))}
      </div>
    </div>
  );
}
