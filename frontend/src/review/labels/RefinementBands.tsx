import { useComputedColorScheme } from "@mantine/core";
import { Layers2 } from "lucide-react";
import { type MouseEvent, useEffect, useRef, useState } from "react";

import { useBands } from "../../api/queries/refinement";
import { plural } from "../../lib/format";
import { useStore } from "../../lib/store";
import { useReviewSession } from "../session";
import { change } from "../settings";
import { fitCanvas } from "../timeline/Timeline";
import { readPalette } from "../timeline/palette";
import { frameAt } from "../timeline/view";
import { drawBands, flips, requestFor, rowHeight } from "./bands";
import classes from "./labels.module.css";

/** Under the timeline, one band a round: which windows were labeled abnormal, and where that changed. */
export function RefinementBands() {
  const { run, video, tools } = useReviewSession();
  const shown = useStore(tools.settings, (settings) => settings.bands);
  const meta = run?.videos.find((one) => one.video === video.id)?.refinement ?? null;
  if (!run || !meta) return null;
  return (
    <div className={classes.bands}>
      <button
        type="button"
        className={classes.bandsName}
        aria-pressed={shown}
        title={shown ? "Hide the pseudo-labels of each round" : "Show the pseudo-labels of each round"}
        onClick={() => change(tools.settings, { bands: !shown })}
      >
        <Layers2 size={12} aria-hidden /> Rounds
      </button>
      {shown ? (
        <Canvas run={run.id} rounds={meta.rounds} />
      ) : (
        <span className={classes.hidden}>{plural(meta.rounds, "round")} of pseudo-labels, hidden</span>
      )}
    </div>
  );
}

function Canvas({ run, rounds }: { run: string; rounds: number }) {
  const { video, tools, timebase } = useReviewSession();
  const scheme = useComputedColorScheme("dark", { getInitialValueInEffect: false });
  const surface = useRef<HTMLCanvasElement>(null);
  const [request, setRequest] = useState(() => requestFor(tools.view.get(), timebase.total));
  const { data } = useBands(run, video.id, request);
  const height = rowHeight(rounds) * rounds + 3;

  useEffect(() => {
    const canvas = surface.current;
    const context = canvas?.getContext("2d");
    if (!canvas || !context) return;
    let asked = 0;
    const draw = (): void => {
      asked = 0;
      const width = canvas.clientWidth;
      fitCanvas(canvas, context, width, height);
      context.clearRect(0, 0, width, height);
      if (data) drawBands(context, data, tools.view.get(), width, readPalette(canvas, scheme));
    };
    const onView = (): void => {
      const wanted = requestFor(tools.view.get(), timebase.total);
      setRequest((old) => (old.start === wanted.start && old.stop === wanted.stop ? old : wanted));
      asked ||= requestAnimationFrame(draw);
    };
    onView();
    const stop = tools.view.subscribe(onView);
    const watcher = new ResizeObserver(() => {
      asked ||= requestAnimationFrame(draw);
    });
    watcher.observe(canvas);
    return () => {
      cancelAnimationFrame(asked);
      stop();
      watcher.disconnect();
    };
  }, [data, height, scheme, tools, timebase.total]);

  const seek = (event: MouseEvent<HTMLCanvasElement>): void => {
    const box = event.currentTarget.getBoundingClientRect();
    tools.player.pause();
    tools.player.seek(Math.floor(frameAt(tools.view.get(), event.clientX - box.left, box.width)));
  };
  const told = data ? `, ${plural(flips(data), "flip")} in this part` : "";
  return (
    <canvas
      ref={surface}
      className={classes.bandsCanvas}
      style={{ height }}
      data-testid="bands"
      role="img"
      aria-label={`Pseudo-labels of ${plural(rounds, "round")}${told}. The tab Labels tells about the window at the playhead.`}
      title="Filled: labeled abnormal. Tick: flipped since the round before. Frame: fixed by people."
      onClick={seek}
    />
  );
}
