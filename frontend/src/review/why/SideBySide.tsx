import { Button } from "@mantine/core";
import { Pause, Play } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";

import { useVideos } from "../../api/queries/videos";
import type { Uuid, Video, Why } from "../../api/types";
import { formatCount, formatScore } from "../../lib/format";
import { type Span, seekTime, timebaseOf } from "../../lib/frames";
import { PoseStill } from "../people/PoseStill";
import { useReviewSession } from "../session";
import tab from "../tab.module.css";
import classes from "./why.module.css";

type Clip = Span & { key: string; video: Uuid; name: string; title: string };

/** This window, the most alike of the usual ones, and the most alike of the accepted ones, playing together. */
export function SideBySide({ why }: { why: Why }) {
  const { video, project } = useReviewSession();
  const { data } = useVideos(project.id);
  const videos = useMemo(() => new Map(data?.map((one) => [one.id, one])), [data]);
  const [playing, setPlaying] = useState(false);
  if (why.start === null || why.stop === null) return null;
  const here: Clip = {
    key: "here",
    title: "This window",
    video: video.id,
    name: video.name,
    start: why.start,
    stop: why.stop,
  };
  return (
    <section aria-labelledby="why-alike">
      <h3 id="why-alike" className={classes.title}>
        Most alike
        {video.sees_footage && (
          <Button
            size="compact-xs"
            variant="subtle"
            leftSection={playing ? <Pause size={12} aria-hidden /> : <Play size={12} aria-hidden />}
            onClick={() => setPlaying(!playing)}
          >
            {playing ? "Stop" : "Play together"}
          </Button>
        )}
      </h3>
      <div className={classes.clips}>
        <Moving clip={here} video={video} playing={playing} />
        <Row name="Usual" clips={why.normal} {...{ videos, playing }} />
        <Row name="Accepted" clips={why.accepted} {...{ videos, playing }} />
      </div>
      {why.accepted.length === 0 && <p className={tab.note}>Nothing is accepted yet to compare with.</p>}
      {why.normal.length === 0 && <p className={tab.note}>No window of this run counts as usual.</p>}
    </section>
  );
}

type RowProps = {
  name: string;
  clips: Why["normal"];
  videos: ReadonlyMap<Uuid, Video>;
  playing: boolean;
};

function Row({ name, clips, videos, playing }: RowProps) {
  const [place, setPlace] = useState(0);
  const clip = clips[Math.min(place, clips.length - 1)];
  const video = clip && videos.get(clip.video);
  if (!clip || !video) return null;
  return (
    <Moving
      clip={{
        ...clip,
        key: `${clip.video}/${clip.start}`,
        name: clip.video_name,
        title: `${name}, distance ${formatScore(clip.distance)}`,
      }}
      video={video}
      playing={playing}
      more={clips.length > 1 ? () => setPlace((place + 1) % clips.length) : null}
    />
  );
}

type MovingProps = { clip: Clip; video: Video; playing: boolean; more?: (() => void) | null };

/** One window: a small looping player, or its middle as a still where poses are all there is to see. */
function Moving({ clip, video, playing, more }: MovingProps) {
  const { acts } = useReviewSession();
  const { start, stop } = clip;
  const label = `${clip.title}: ${clip.name}, from frame ${start}`;
  return (
    <figure className={classes.clip}>
      {video.sees_footage ? (
        <Film key={video.id} {...{ video, start, stop, playing, label }} />
      ) : (
        <PoseStill video={video} frame={Math.floor((start + stop) / 2)} label={label} />
      )}
      <figcaption>
        <span>{clip.title}</span>
        <button type="button" className={classes.link} onClick={() => acts.visit(clip.video, start)}>
          {clip.name}, {formatCount(start)}
        </button>
        {more && (
          <button type="button" className={classes.link} onClick={more}>
            next
          </button>
        )}
      </figcaption>
    </figure>
  );
}

type FilmProps = Span & { video: Video; playing: boolean; label: string };

function Film({ video, start, stop, playing, label }: FilmProps) {
  const player = useRef<HTMLVideoElement>(null);
  const { proxyRate, total } = timebaseOf(video);
  const first = seekTime(Math.min(start, total - 1), proxyRate);
  const last = seekTime(Math.min(stop, total) - 1, proxyRate);

  useEffect(() => {
    const element = player.current;
    if (!element) return;
    const rewind = (): void => {
      element.currentTime = first;
    };
    const watch = (): void => {
      if (element.currentTime >= last || element.ended) {
        rewind();
        if (playing) void element.play().catch(() => undefined);
      }
    };
    if (element.readyState >= HTMLMediaElement.HAVE_METADATA) rewind();
    else element.addEventListener("loadedmetadata", rewind, { once: true });
    if (playing)
      void element.play().catch(() => undefined); // not allowed: the still picture stays
    else element.pause();
    element.addEventListener("timeupdate", watch);
    element.addEventListener("ended", watch);
    return () => {
      element.removeEventListener("loadedmetadata", rewind);
      element.removeEventListener("timeupdate", watch);
      element.removeEventListener("ended", watch);
    };
  }, [first, last, playing]);

  return (
    <video
      ref={player}
      src={video.urls.proxy}
      preload="metadata"
      muted
      playsInline
      disablePictureInPicture
      tabIndex={-1}
      aria-label={label}
    />
  );
}
