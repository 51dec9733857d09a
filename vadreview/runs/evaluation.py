"""How well a run found what is known to be abnormal, where somebody has said what that is."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from django.core.cache import cache
from numpy.typing import NDArray

from vadreview.footage.models import Video
from vadreview.runs import inference, tracks
from vadreview.runs.curves import SCORE
from vadreview.runs.models import Run, Track

BASELINES = ("motion_strongest_cell", "motion_mean")


def metrics_of(run: Run) -> dict[str, Any] | None:
    """Compute the run's figures and those of plain motion beside them; None where nothing is known.

    Only videos with at least one known span count, and those that an import says are all normal.
    Kept until scores, motion or ground truth change.
    """
    videos = {row.video_id: row.video for row in run.run_videos.all() if row.scores}
    labels = {pk: labels_of(video) for pk, video in videos.items() if is_known(video)}
    if not labels:
        return None
    scores = {track.video_id: track for track in Track.objects.filter(run=run, name=SCORE, video__in=labels)}
    motion = Track.objects.filter(run=None, name__in=BASELINES, video__in=labels)
    if not scores:
        return None
    key = _key(run, videos, list(scores.values()), list(motion))
    found = cache.get(key)
    if found is None:
        found = _figures(scores, labels)
        by_name = {name: {t.video_id: t for t in motion if t.name == name} for name in BASELINES}
        found["baselines"] = {
            # a baseline over other videos than the run's would compare nothing
            name: _figures(one, labels)
            for name, one in by_name.items()
            if one.keys() == scores.keys()
        }
        cache.set(key, found, timeout=None)
    return found


def is_known(video: Video) -> bool:
    """Has anybody said what is abnormal in a video, be it nothing?"""
    return bool(video.ground_truth.all()) or bool(video.known.all())


def labels_of(video: Video) -> NDArray[np.int8]:
    """Return what is known of each frame, 1 = abnormal: int8 (n_frames,)."""
    labels = np.zeros(video.n_frames, np.int8)
    for span in video.ground_truth.all():
        labels[span.start : span.stop] = 1
    return labels


def _figures(found: Mapping[Any, Track], labels: Mapping[Any, NDArray[np.int8]]) -> dict[str, Any]:
    figures = inference.frame_metrics(
        {str(video): per_frame(track, len(labels[video])) for video, track in found.items()},
        {str(video): labels[video] for video in found},
    )
    return {**figures, "videos": len(found)}


def per_frame(track: Track, n_frames: int) -> NDArray[np.float32]:
    """Spread a track over all frames of its video; a frame outside of it takes its nearest value."""
    place = (np.arange(n_frames) - track.offset) // track.stride
    values = tracks.read(track)
    return np.nan_to_num(values[np.clip(place, 0, len(values) - 1)], nan=track.low)


def _key(run: Run, videos: Mapping[Any, Video], scores: list[Track], motion: list[Track]) -> str:
    spans = [
        (str(pk), span.start, span.stop) for pk, video in videos.items() for span in video.ground_truth.all()
    ]
    known = sorted(str(pk) for pk, video in videos.items() if is_known(video))
    # a track is never changed: it is replaced by one with a new id
    state = repr((sorted(spans), known, sorted(str(track.pk) for track in [*scores, *motion])))
    return f"metrics:{run.pk}:{hashlib.sha256(state.encode()).hexdigest()}"
