"""Maps of the patterns of a run: PCA at once, t-SNE as a job whose result is kept by what went into it."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from django.db import IntegrityError, transaction
from numpy.typing import NDArray

from vadreview import errors, jobs
from vadreview.jobs import JobStatus, Reporter
from vadreview.runs import inference, patterns
from vadreview.runs.models import PatternMap, Run

ITERATIONS = 1000
LEAST_POINTS = 10  # fewer make no map worth waiting for
STEPS = 65_535  # places on a map are whole numbers from 0 to this, one scale for both axes
NEIGHBOURS = 3  # of the fitted windows, what a window that was not fitted is placed between

Floats = NDArray[np.float32]
_ITERATION = re.compile(r"\[t-SNE\] Iteration (\d+)")


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the windows of `patterns.points` lie: xy (N, 2), and which were fitted, not placed afterwards (N,)."""

    xy: Floats
    fitted: NDArray[np.bool_]


def pca(points: patterns.Points) -> Layout:
    """Lay the windows out by their two largest principal components."""
    xy = np.zeros((len(points.start), 2), np.float32)
    xy[:, : points.reduced.shape[1]] = points.reduced[:, :2]
    return Layout(xy=xy, fitted=np.ones(len(xy), np.bool_))


def on_grid(xy: Floats) -> NDArray[np.int64]:
    """Turn places into whole numbers 0..STEPS, centred, without stretching one axis against the other."""
    low, high = xy.min(0), xy.max(0)
    extent = float((high - low).max()) or 1.0
    return np.rint((xy - (low + high) / 2) / extent * STEPS + STEPS / 2).astype(np.int64)


# ---- the job ----


def ask(run: Run, *, perplexity: float, most: int, seed: int) -> tuple[PatternMap, bool]:
    """Return the map of these parameters, queued if there was none, and whether it is new.

    One that failed or was cancelled is queued again. Raises Conflict where the run has too few patterns.
    """
    rows = patterns.rows_of(run)
    windows = sum(row.patterns["windows"] for row in rows)
    if windows < LEAST_POINTS:
        raise errors.Conflict(
            f"t-SNE needs {LEAST_POINTS} windows or more, and this run has {windows}. PCA shows them all.",
            code="too_few_patterns",
        )
    key = {"inputs": patterns.inputs(rows), "perplexity": perplexity, "most": most, "seed": seed}
    known = run.pattern_maps.filter(**key).first()
    if known is None:
        try:
            with transaction.atomic():
                made = PatternMap.objects.create(run=run, **key)
                jobs.ring(made)
                return made, True
        except IntegrityError:  # the same question, twice at the same moment
            known = run.pattern_maps.get(**key)
    if known.status in (JobStatus.FAILED, JobStatus.CANCELLED) or (
        known.status == JobStatus.DONE and not known.file.exists()
    ):
        with transaction.atomic():
            jobs.queue(known)
    return known, False


def layout_of(made: PatternMap) -> Layout:
    """Read a finished map. Raises Conflict while it is none, or when the run was scored again since."""
    if made.status != JobStatus.DONE or not made.file.exists():
        raise errors.Conflict("This map is not finished yet. Wait until its job is done.", code="under_way")
    if made.inputs != patterns.inputs(patterns.rows_of(made.run)):
        raise errors.Conflict(
            "The run has scored other videos since this map was made. Make the map again.", code="outdated"
        )
    with np.load(made.file, allow_pickle=False) as held:
        return Layout(xy=held["xy"], fitted=held["fitted"])


def work_on(map_id: str) -> None:
    jobs.perform(PatternMap, map_id, _make, explain=inference.explain)


def _make(row: PatternMap, report: Reporter) -> None:
    report("reading patterns", 0, 1)
    points = patterns.points(row.run)
    if row.inputs != patterns.inputs(patterns.rows_of(row.run)):
        raise errors.Conflict("The run has scored other videos since. Make the map again.", code="outdated")
    made = tsne(
        points.reduced,
        perplexity=row.perplexity,
        most=row.most,
        seed=row.seed,
        progress=lambda done: report("arranging", done, ITERATIONS),
    )
    report("storing", 0, 1)
    patterns.write_npz(row.file, xy=made.xy, fitted=made.fitted)
    report.beat()
    jobs.finish(row, JobStatus.DONE)


def tsne(
    reduced: Floats, *, perplexity: float, most: int, seed: int, progress: Callable[[int], object]
) -> Layout:
    """Arrange vectors (N, k) by t-SNE (van der Maaten and Hinton 2008): the same seed, the same map.

    Of more than `most` vectors a seeded sample is arranged, and each of the rest is placed between its nearest of
    these. `progress` is called with the iterations done, and may raise to stop.
    """
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    count = len(reduced)
    chosen = np.arange(count)
    if count > most:
        chosen = np.sort(np.random.default_rng(seed).choice(count, most, replace=False))
    model = TSNE(
        perplexity=min(perplexity, (len(chosen) - 1) / 3),
        init="pca" if reduced.shape[1] >= 2 else "random",
        random_state=seed,
        max_iter=ITERATIONS,
        verbose=2,
    )
    # scikit-learn says how far it is on standard output, and nowhere else; on one thread the sums have one order,
    # and threads do not wait for each other where training needs the processors
    with contextlib.redirect_stdout(_Listener(progress)), threadpool_limits(1):
        arranged = model.fit_transform(np.ascontiguousarray(reduced[chosen]))
    fitted = np.zeros(count, np.bool_)
    fitted[chosen] = True
    xy = np.empty((count, 2), np.float32)
    xy[fitted] = arranged
    if count > len(chosen):
        xy[~fitted] = _between(reduced[~fitted], reduced[chosen], arranged)
    return Layout(xy=xy, fitted=fitted)


class _Listener(io.TextIOBase):
    def __init__(self, progress: Callable[[int], object]) -> None:
        self._progress = progress

    def write(self, text: str) -> int:
        if found := _ITERATION.match(text):
            self._progress(int(found[1]))
        return len(text)


def _between(rest: Floats, known: Floats, places: Floats) -> Floats:
    """Place vectors by their nearest known ones, each weighing in by the inverse of its distance."""
    from sklearn.neighbors import NearestNeighbors

    nearest = NearestNeighbors(n_neighbors=min(NEIGHBOURS, len(known))).fit(known)
    distances, indices = nearest.kneighbors(rest)
    weights = 1 / np.maximum(distances, 1e-9)
    weights /= weights.sum(1, keepdims=True)
    return np.einsum("nk,nkd->nd", weights, places[indices]).astype(np.float32)
