"""Views of a series: exact at every zoom, bounded in what they read, empty outside."""

from __future__ import annotations

import numpy as np
import pytest

from vadreview.runs import tracks
from vadreview.runs.models import Track

pytestmark = pytest.mark.django_db


def stored(values, *, video, stride: int = 1, offset: int = 0) -> Track:
    series = tracks.Series(values, stride=stride, offset=offset)
    return tracks.replace({"score": series}, video=video, run=None)[0]


@pytest.mark.parametrize("length", [1, 15, 16, 17, 4096, 4097, 32_768, 32_769, 70_001])
def test_every_value_comes_back(video, length):
    values = np.random.default_rng(length).normal(size=length).astype("f4")

    track = stored(values, video=video)

    assert np.array_equal(tracks.read(track), values)
    assert (track.low, track.high) == (values.min(), values.max())
    assert (track.mean, track.std) == pytest.approx((values.mean(), values.std()), rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("seed", range(10))
def test_each_bucket_has_the_smallest_and_largest_value_of_its_frames(video, seed):
    random = np.random.default_rng(seed)
    length = int(random.integers(1, 90_000))
    stride, offset = int(random.integers(1, 9)), int(random.integers(0, 50))
    values = random.normal(size=length).astype("f4")
    values[random.integers(length, size=3)] = [50, -50, 40]
    track = stored(values, video=video, stride=stride, offset=offset)
    frames = offset + stride * np.arange(length)

    for _ in range(20):
        start, stop = sorted(random.integers(0, offset + stride * length + 100, size=2).tolist())
        width = int(random.integers(1, 2000))
        view = tracks.window(track, start=start, stop=stop, width=width)

        wanted = values[(frames + stride > start) & (frames < stop)] if start < stop else values[:0]
        assert (view.low.size == 0) == (wanted.size == 0)
        if not wanted.size:
            continue
        covered = values[(frames >= view.start) & (frames < view.stop)]
        begins = np.arange(0, covered.size, view.step // stride)
        assert np.array_equal(view.low, np.minimum.reduceat(covered, begins))
        assert np.array_equal(view.high, np.maximum.reduceat(covered, begins))
        assert view.high.max() >= wanted.max()
        assert view.low.min() <= wanted.min()
        assert view.start <= max(start, offset)
        assert view.stop >= min(stop, offset + stride * length)
        assert view.low.size <= width + 1


@pytest.mark.parametrize("width", [1, 100, 1200, 4000])
def test_a_view_of_a_day_takes_a_bounded_number_of_pairs(video, width):
    track = stored(np.random.default_rng(0).random(2_160_000, np.float32), video=video)

    for span in (2_160_000, 500_000, 60_000, 4_000):
        view = tracks.window(track, start=777, stop=777 + span, width=width)
        pairs = (view.stop - view.start) / tracks.FACTOR**view.level
        assert pairs <= max(tracks.PAIRS, 80 * width)


def test_a_view_that_is_dragged_keeps_its_buckets(video):
    track = stored(np.random.default_rng(0).random(200_000, np.float32), video=video)

    first = tracks.window(track, start=10_000, stop=110_000, width=500)
    second = tracks.window(track, start=10_333, stop=110_333, width=500)

    assert first.step == second.step
    assert (second.start - first.start) % first.step == 0


def test_frames_before_and_after_a_track_have_no_values(video):
    track = stored([1, 2, 3], video=video, stride=10, offset=100)

    for start, stop in [(0, 100), (130, 500), (105, 105), (500, 0)]:
        assert tracks.window(track, start=start, stop=stop, width=10).low.size == 0
    assert tracks.window(track, start=0, stop=500, width=10).low.tolist() == [1, 2, 3]
    assert tracks.window(track, start=119, stop=121, width=10).low.tolist() == [2, 3]


def test_a_missing_value_is_passed_over_and_an_infinite_one_is_kept_finite(video):
    values = np.tile(np.array([np.nan, 1, 2, np.inf], "f4"), 4000)
    values[:64] = np.nan
    track = stored(values, video=video)

    view = tracks.window(track, start=0, stop=16_000, width=250)

    assert np.isnan(view.low[0])
    assert set(view.low[1:].tolist()) == {1}
    assert np.isfinite(view.high[1:]).all()
    assert (track.low, np.isfinite(track.high)) == (1, True)


def test_the_value_at_a_frame_is_that_of_the_stretch_it_lies_in(video):
    long = stored(np.arange(10_000), video=video, stride=2, offset=10)

    assert tracks.at([long], 10 + 2 * 4096 + 1) == {long: 4096}
    assert tracks.at([long], 9) == {}
    assert tracks.at([long], 10 + 2 * 10_000) == {}


def test_storing_again_replaces_all_tracks_of_that_run_and_no_others(run, video):
    reference = stored([1, 2], video=video)

    tracks.replace({"score": tracks.Series([5])}, video=video, run=run)

    assert {track.name: tracks.read(track).tolist() for track in run.tracks.all()} == {"score": [5]}
    assert tracks.read(reference).tolist() == [1, 2]
