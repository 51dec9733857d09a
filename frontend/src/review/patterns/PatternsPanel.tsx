import { SegmentedControl } from "@mantine/core";

import { useStore } from "../../lib/store";
import { useReviewSession } from "../session";
import { FootageMap } from "./FootageMap";
import { WindowPlot } from "./WindowPlot";
import tab from "../tab.module.css";

/** The latent patterns of the run: all of the footage, or the window at the playhead. */
export function PatternsPanel() {
  const { tools, run, video } = useReviewSession();
  const what = useStore(tools.patterns, (value) => value.what);
  if (!run)
    return <p className={tab.empty}>No run has looked at this video yet. A run leaves its patterns here.</p>;
  const any = run.videos.some((one) => one.patterns);
  if (!any) {
    return (
      <p className={tab.empty}>
        {run.stage === "done"
          ? `${run.detector_title} keeps no patterns of what it sees. Choose another run above.`
          : "Patterns appear here when the first video is scored."}
      </p>
    );
  }
  const here = run.videos.some((one) => one.video === video.id && one.patterns);
  return (
    <div className={tab.panel}>
      <SegmentedControl
        size="xs"
        fullWidth
        aria-label="Patterns of what"
        value={what}
        onChange={(value) =>
          tools.patterns.set((old) => ({ ...old, what: value === "window" ? "window" : "footage" }))
        }
        data={[
          { value: "footage", label: "This footage" },
          { value: "window", label: "This window" },
        ]}
      />
      {what === "footage" ? (
        <FootageMap key={run.id} run={run} />
      ) : here ? (
        <WindowPlot run={run} />
      ) : (
        <p className={tab.empty}>This run has no patterns of this video. “This footage” shows the others.</p>
      )}
    </div>
  );
}
