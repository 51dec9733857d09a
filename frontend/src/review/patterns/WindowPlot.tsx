import { useWindowPatterns } from "../../api/queries/patterns";
import type { Run } from "../../api/types";
import { formatCount } from "../../lib/format";
import { PlotlyFigure } from "../../plots/PlotlyFigure";
import type { Plot } from "../../plots/figure";
import { ErrorState, LoadingState } from "../../ui/states";
import { useReviewSession } from "../session";
import { useRestingFrame } from "../useRestingFrame";
import tab from "../tab.module.css";
import classes from "./patterns.module.css";

/** The window at the playhead: what was generated, what really happened, and what is most like it elsewhere. */
export function WindowPlot({ run }: { run: Run }) {
  const { video } = useReviewSession();
  const frame = useRestingFrame();
  const query = useWindowPatterns(run.id, video.id, frame);
  if (query.isError && !query.data)
    return <ErrorState error={query.error} retry={() => void query.refetch()} />;
  if (!query.data) return <LoadingState label="Drawing the window" />;
  const { start, stop, plot } = query.data;
  return (
    <div className={classes.footage} data-stale={query.isPlaceholderData || undefined}>
      <p className={tab.note}>
        Frames {formatCount(Math.max(0, start))} to {formatCount(stop - 1)}, the window at the playhead. It
        follows when the picture rests.
      </p>
      {plot ? (
        <>
          <PlotlyFigure plot={plot as unknown as Plot} height={290} />
          <p className={tab.note}>
            Placed by PCA of this window and its neighbours alone. The farther the cross lies from the dots,
            the less the run expected what happened.
          </p>
        </>
      ) : (
        <p className={tab.note}>
          {run.detector_title} generates no guesses, so there is nothing to compare this window with. Its
          place among the others is marked under “This footage”.
        </p>
      )}
    </div>
  );
}
