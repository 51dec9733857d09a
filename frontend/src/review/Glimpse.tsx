import type { Video } from "../api/types";
import { PoseStill } from "./people/PoseStill";
import { Thumbnail } from "./Thumbnail";

/** A small picture of one frame, as far as this member may see it. */
export function Glimpse(props: { video: Video; frame: number; width: number }) {
  return props.video.sees_footage ? <Thumbnail {...props} /> : <PoseStill {...props} />;
}
