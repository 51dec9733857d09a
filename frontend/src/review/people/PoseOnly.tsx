import { EyeOff } from "lucide-react";
import { useEffect, useRef } from "react";

import { clampFrame } from "../../lib/frames";
import { parsePlace } from "../place";
import { useReviewSession } from "../session";
import stage from "../stage/stage.module.css";
import classes from "./people.module.css";
import { PeopleLayer } from "./PeopleLayer";
import { SilentFilm } from "./SilentFilm";

/** In the place of the footage, for members who see poses alone: grey, and on it the people as skeletons. */
export function PoseOnly() {
  const { video, run, timebase, tools } = useReviewSession();
  const first = useRef(timebase);
  const knows = run?.videos.find((one) => one.video === video.id)?.people;

  useEffect(() => {
    const film = new SilentFilm(first.current.total, first.current.proxyRate);
    const { frame } = parsePlace(window.location.search);
    // the player asks no more of an element than this class has
    const screen = film as unknown as HTMLVideoElement;
    const letGo = tools.player.attach(screen, first.current, clampFrame(frame ?? 0, first.current.total));
    return () => {
      letGo();
      film.pause();
    };
  }, [tools]);

  return (
    <div className={classes.grey} data-testid="pose-only">
      {run && knows && <PeopleLayer key={`${run.id}/${video.id}`} run={run} video={video} tools={tools} />}
      <div className={stage.badge}>
        <EyeOff size={14} aria-hidden />
        {knows
          ? "Poses only: you see people as skeletons, not the footage"
          : "Poses only: this run looked for no people, or found none here. A run with a pose detector shows them."}
      </div>
    </div>
  );
}
