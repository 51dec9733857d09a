import type { Video } from "../../api/types";
import { useReviewSession } from "../session";
import classes from "./people.module.css";

type Props = { video: Video; frame: number; width?: number; label?: string };

/** One frame for members who see poses alone: its people on grey, drawn by the server, or plain grey. */
export function PoseStill({ video, frame, width, label = "" }: Props) {
  const { run } = useReviewSession();
  const known = run?.videos.find((one) => one.video === video.id)?.people;
  const size = { width: width ?? "100%", aspectRatio: `${video.width} / ${video.height}` };
  if (!run || !known) return <span className={classes.still} style={size} role="img" aria-label={label} />;
  return (
    <img
      className={classes.still}
      style={size}
      src={`/api/runs/${run.id}/people/${video.id}/stills/${frame}.png`}
      alt={label}
      loading="lazy"
    />
  );
}
