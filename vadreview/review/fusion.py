"""One opinion of several detectors: how strange a span is to each, and to all of them together.

Scores of different detectors have different scales, so each is first turned into the share of its own run's frames
that score no higher (`runs.curves.Ranks`). The fused score is the mean of these shares over the detectors that have
scored the video; once enough spans are accepted and rejected it is the probability of a logistic regression on
-log10(1 - share), fitted to those verdicts outside of the audit share.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vadreview import errors
from vadreview.footage import audit
from vadreview.footage.models import Project, Video
from vadreview.review import queries
from vadreview.review.models import Verdict
from vadreview.runs import curves
from vadreview.runs.models import Run

ENOUGH = 10  # accepted, and as many rejected, before verdicts weigh the detectors
REFIT_EVERY = 20  # verdicts: an order that changed with every decision would jump under the reviewer's eyes
SMALLEST = 1e-6
SMOOTH = 3.0  # frames, where a run has no policy of its own

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Where:
    """A span of a video."""

    video: uuid.UUID
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Weights:
    """A logistic regression on the detectors' shares; `used` verdicts went into it."""

    coefficients: tuple[float, ...]
    intercept: float
    used: int


class Panel:
    """The newest finished runs of the detectors of a project, `run` first: those who have a say."""

    def __init__(self, run: Run) -> None:
        self.runs = [run, *peers_of(run)]
        self._curves: list[dict[uuid.UUID, curves.Curve]] = []
        self._ranks: list[curves.Ranks] = []
        for one in self.runs:
            sigma = one.policy.get("smooth_sigma_frames", SMOOTH)
            scored = curves.of(one, sigma_frames=sigma)
            self._curves.append({curve.video: curve for curve in scored})
            self._ranks.append(curves.ranks(scored, sigma_frames=sigma))

    @property
    def videos(self) -> set[uuid.UUID]:
        """The videos that the first run has scored."""
        return set(self._curves[0])

    def shares(self, spans: Sequence[Where]) -> Floats:
        """Rank spans by their highest frame; (N, R) in 0 to 1 for R runs, NaN where a run has not scored the video."""
        found = np.full((len(spans), len(self.runs)), np.nan)
        for column, (scored, ranks) in enumerate(zip(self._curves, self._ranks, strict=True)):
            peaks = np.array(
                [
                    scored[span.video].smoothed[span.start : span.stop].max(initial=-np.inf)
                    if span.video in scored
                    else np.nan
                    for span in spans
                ],
                np.float64,
            )
            known = np.isfinite(peaks)
            found[known, column] = ranks.of(peaks[known])
        return found

    def frames(self, video: uuid.UUID) -> Floats:
        """Rank every frame of a video; (n_frames, R), NaN for a run that has not scored it."""
        length = max(len(scored[video].smoothed) for scored in self._curves if video in scored)
        found = np.full((length, len(self.runs)), np.nan)
        for column, (scored, ranks) in enumerate(zip(self._curves, self._ranks, strict=True)):
            if video in scored:
                found[:, column] = ranks.of(scored[video].smoothed)
        return found


def peers_of(run: Run) -> list[Run]:
    """Return the newest finished run of every other detector of the project, by name of the detector."""
    others = Run.objects.filter(project=run.project_id, stage=Run.Stage.DONE).exclude(detector=run.detector)
    newest: dict[str, Run] = {}
    for other in others.order_by("created_at"):
        if other.tracks.filter(name=curves.SCORE).exists():
            newest[other.detector] = other
    return [newest[name] for name in sorted(newest)]


def fused(shares: Floats, weights: Weights | None) -> Floats:
    """Join the detectors' shares; (N,) in 0 to 1. A detector that has no opinion takes the mean of the others."""
    mean = np.nanmean(shares, axis=1)
    if weights is None:
        return mean
    filled = np.where(np.isnan(shares), mean[:, None], shares)
    logit = _features(filled) @ np.array(weights.coefficients) + weights.intercept
    return 1 / (1 + np.exp(-np.clip(logit, -500, 500)))


def fit(panel: Panel, project: Project) -> Weights | None:
    """Weigh the detectors by what people accepted and rejected; None while that is too little."""
    said = judged_spans(project, panel.videos)
    said = said[: len(said) // REFIT_EVERY * REFIT_EVERY]  # the same verdicts until the next refit
    labels = np.array([accepted for _, accepted in said], bool)
    if labels.sum() < ENOUGH or (~labels).sum() < ENOUGH:
        return None
    from sklearn.linear_model import LogisticRegression

    shares = panel.shares([span for span, _ in said])
    shares = np.where(np.isnan(shares), np.nanmean(shares, axis=1)[:, None], shares)
    model = LogisticRegression(class_weight="balanced").fit(_features(shares), labels)
    return Weights(tuple(model.coef_[0].tolist()), float(model.intercept_[0]), used=len(labels))


def judged_spans(project: Project, videos: set[uuid.UUID]) -> list[tuple[Where, bool]]:
    """Return the spans that people accepted (True) or rejected, oldest first, without those of the audit share."""
    rows = Verdict.objects.filter(project=project, video__in=videos)
    settled = queries.settle(queries.light(queries.current(rows), "video_id", "start", "stop"))
    kept_out = {
        video.pk: audit.chosen(video, share=project.audit_share)
        for video in Video.objects.filter(pk__in=videos)
    }
    firm = sorted(
        (one.verdict for one in settled if one.verdict.decision in queries.FIRM and not one.conflict),
        key=lambda verdict: (verdict.created_at, verdict.pk),
    )
    return [
        (Where(verdict.video_id, verdict.start, verdict.stop), verdict.decision == Verdict.Decision.ACCEPT)
        for verdict in firm
        if not audit.holds(kept_out[verdict.video_id], verdict.start, verdict.stop)
    ]


def _features(shares: Floats) -> Floats:
    return -np.log10(np.maximum(1 - shares, SMALLEST))


def panel_of(run: Run) -> Panel:
    """Return the panel of a finished run. Raises Conflict when it has scored nothing."""
    if run.stage != Run.Stage.DONE:
        raise errors.Conflict("This run is not done yet; wait until it is.", code="not_scored")
    return Panel(run)
