import { Loader } from "@mantine/core";
import { EyeOff } from "lucide-react";
import { type CSSProperties, useEffect, useRef, useState } from "react";

import { clampFrame } from "../../lib/frames";
import { useStore } from "../../lib/store";
import { PeopleLayer } from "../people/PeopleLayer";
import { PoseOnly } from "../people/PoseOnly";
import { parsePlace } from "../place";
import { useReviewSession } from "../session";
import { HeatmapLayer } from "./HeatmapLayer";
import { RegionBoxes } from "../why/RegionBoxes";
import classes from "./stage.module.css";
import { layScrubPictures } from "./scrub";
import { layStills } from "./still";

/** The picture: the player, over it what is exact, over that what the run found. */
export function Stage() {
  const { video, tools, run } = useReviewSession();
  const heatmapOn = useStore(tools.settings, (settings) => settings.heatmap);
  const privacy = useStore(tools.privacy, (on) => on);
  const peopleOn = useStore(tools.settings, (settings) => settings.people);
  const found = run?.videos.find((one) => one.video === video.id);
  const heatmap = found?.heatmap ?? null;
  return (
    <div
      className={classes.stage}
      style={{ "--aspect": String(video.width / Math.max(video.height, 1)) } as CSSProperties}
    >
      <div className={classes.picture} data-testid="picture">
        <div className={classes.layers} data-blurred={privacy || undefined}>
          {video.sees_footage ? <Pictures key={video.id} /> : <PoseOnly key={video.id} />}
        </div>
        {run && heatmap && heatmapOn && video.sees_footage && (
          <HeatmapLayer
            key={`${run.id}/${video.id}`}
            run={run.id}
            video={video.id}
            meta={heatmap}
            tools={tools}
          />
        )}
        {run && found?.people && peopleOn && video.sees_footage && (
          <PeopleLayer key={`${run.id}/${video.id}`} run={run} video={video} tools={tools} />
        )}
        <RegionBoxes />
        {privacy && (
          <div className={classes.badge}>
            <EyeOff size={14} aria-hidden /> Privacy view: X shows the picture
          </div>
        )}
      </div>
    </div>
  );
}

function Pictures() {
  const { video, timebase, tools } = useReviewSession();
  const player = useRef<HTMLVideoElement>(null);
  const scrub = useRef<HTMLCanvasElement>(null);
  const still = useRef<HTMLCanvasElement>(null);
  const [broken, setBroken] = useState(false);
  const first = useRef(timebase);

  useEffect(() => {
    const element = player.current;
    if (!element) return;
    const { frame } = parsePlace(window.location.search);
    return tools.player.attach(element, first.current, clampFrame(frame ?? 0, first.current.total));
  }, [tools]);
  useEffect(
    () => (scrub.current ? layScrubPictures(scrub.current, video, tools) : undefined),
    [video, tools],
  );
  useEffect(() => (still.current ? layStills(still.current, video, tools) : undefined), [video, tools]);

  return (
    <>
      <video
        ref={player}
        className={classes.layer}
        src={video.urls.proxy}
        poster={video.urls.poster}
        preload="auto"
        muted
        playsInline
        disablePictureInPicture
        tabIndex={-1}
        aria-label={`Footage ${video.name}`}
        onError={() => setBroken(true)}
        onLoadedData={() => setBroken(false)}
      />
      <canvas ref={scrub} className={classes.overlay} aria-hidden />
      <canvas ref={still} className={classes.overlay} data-testid="still" aria-hidden />
      <Waiting />
      {broken && (
        <div className={classes.badge} role="alert">
          The player cannot load this video. Single frames and the timeline still work; reload the page to try
          again.
        </div>
      )}
    </>
  );
}

/** Only after a moment: a sign that flashes at every seek says nothing. */
function Waiting() {
  const { tools } = useReviewSession();
  const waiting = useStore(tools.clock, (clock) => clock.waiting && clock.playing);
  return waiting ? (
    <div className={classes.waiting} role="status" aria-label="Loading footage">
      <Loader size="sm" color="white" />
    </div>
  ) : null;
}
