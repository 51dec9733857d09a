import { Gavel, ScanSearch, Stamp, Users } from "lucide-react";
import type { ReactNode } from "react";

import type { LaneId, Layout } from "./geometry";
import classes from "./timeline.module.css";

const NAMES: Record<LaneId, { name: string; icon: ReactNode; title: string }> = {
  proposals: { name: "Proposed", icon: <ScanSearch size={12} aria-hidden />, title: "What the run proposes" },
  verdicts: {
    name: "Verdicts",
    icon: <Gavel size={12} aria-hidden />,
    title: "What you decided. Drag on an empty place to draw what the run missed.",
  },
  team: {
    name: "Others",
    icon: <Users size={12} aria-hidden />,
    title: "What other people decided; where they disagree, a mark says so.",
  },
  truth: {
    name: "Known",
    icon: <Stamp size={12} aria-hidden />,
    title: "Ground truth: imported, for comparison only",
  },
};

/** The names of the lanes, beside them. */
export function LaneNames({ layout, children }: { layout: Layout; children: ReactNode }) {
  return (
    <div className={classes.names}>
      {children}
      {layout.lanes.map(({ id, band }) => (
        <div
          key={id}
          className={classes.name}
          style={{ top: band.top, height: band.height }}
          title={NAMES[id].title}
        >
          {NAMES[id].icon} {NAMES[id].name}
        </div>
      ))}
    </div>
  );
}
