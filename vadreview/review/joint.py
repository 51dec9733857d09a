"""The curve of all detectors together (`fusion`), one for each video that at least two of them have scored.

It is kept as a track of the video that belongs to no run, made when somebody looks at the video, and made anew when
another run has finished or enough more verdicts weigh the detectors: its id is made from what it is made of.
"""

from __future__ import annotations

import uuid

import numpy as np
from django.db import IntegrityError, transaction
from numpy.typing import NDArray

from vadreview.footage.models import Video
from vadreview.review import fusion, queries
from vadreview.review.models import Verdict
from vadreview.runs import curves, tracks
from vadreview.runs.models import Run, Track

NAME = "all_detectors"
HIGHEST = 6.0


def refresh(video: Video) -> None:
    """Bring the curve of a video up to date; without two detectors that have scored it there is none."""
    scored = Track.objects.filter(video=video, name=curves.SCORE, run__stage=Run.Stage.DONE)
    newest = [track.run for track in scored.select_related("run").order_by("run__created_at")][-1:]
    runs = [newest[0], *fusion.peers_of(newest[0])] if newest else []
    mine = set(scored.values_list("run", flat=True))
    kept = Track.objects.filter(video=video, run=None, name=NAME)
    if sum(run.pk in mine for run in runs) < 2:
        kept.delete()
        return
    track_id = _id(video, runs)
    if kept.filter(pk=track_id).exists():
        return
    panel = fusion.panel_of(runs[0])
    values = strangeness(fusion.fused(panel.frames(video.pk), fusion.fit(panel, video.project)))
    try:
        with transaction.atomic():
            tracks.replace({NAME: tracks.Series(values)}, video=video, run=None, ids={NAME: track_id})
    except IntegrityError:
        return  # somebody else looked at the same moment, and made it


def _id(video: Video, runs: list[Run]) -> uuid.UUID:
    said = queries.current(Verdict.objects.filter(project=video.project_id)).count()
    parts = [f"{run.pk}@{run.proposed_at}" for run in runs]
    return uuid.uuid5(video.pk, " ".join([NAME, *parts, str(said // fusion.REFIT_EVERY)]))


def strangeness(joint: NDArray[np.float64]) -> NDArray[np.float64]:
    """Spread the upper end of a joint score in 0 to 1, where everything lies that is looked for, over 0 to HIGHEST.

    Of the mean rank, 1 stands for the strangest tenth, 2 for the strangest hundredth. The order stays.
    """
    return -np.log10(np.maximum(1 - joint, 10**-HIGHEST))
