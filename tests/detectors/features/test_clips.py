import numpy as np
import pytest

from detectors.base import Cancelled, Meter, Progress, ignore
from detectors.features import clips
from detectors.field_cache import FieldCache

from .scenes import still


class Counting:
    """Describes a clip by its first frame, and remembers what it was asked for."""

    grid, dimension, fingerprint, costly = (1, 2), 3, "counting", True

    def __init__(self):
        self.asked = []

    def region(self, video):
        return 0.0, 0.0, 1.0, 1.0

    def encode(self, video, starts, *, cache, meter):
        self.asked.append(len(starts))
        for first in range(0, len(starts), 50):
            yield np.broadcast_to(
                starts[first : first + 50, None, None, None].astype(np.float32),
                (len(starts[first : first + 50]), 1, 2, 3),
            )


def read(encoder, video, *, cache=None, stride=1, progress=ignore):
    meter = Meter(progress, "features", video.n_frames)
    pieces = list(clips.encoded(encoder, video, stride=stride, cache=cache, meter=meter))
    return np.concatenate([s for s, _ in pieces]), np.concatenate([v for _, v in pieces])


@pytest.mark.parametrize(
    ("n_frames", "stride", "expected"),
    [
        (1, 16, [0]),
        (15, 4, [0]),
        (16, 16, [0]),
        (17, 16, [0, 1]),
        (32, 16, [0, 16]),
        (40, 16, [0, 16, 24]),
        (20, 1, [0, 1, 2, 3, 4]),
    ],
)
def test_clips_cover_a_video_to_its_last_frame(n_frames, stride, expected):
    assert clips.starts(n_frames, stride=stride).tolist() == expected


def test_pieces_come_back_in_order_and_whole(tmp_path):
    video = still(tmp_path, n_frames=200)

    starts, vectors = read(Counting(), video)

    assert starts.tolist() == list(range(185))
    assert vectors.shape == (185, 1, 2, 3)
    assert (vectors[:, 0, 0, 0] == starts).all()


def test_what_is_cached_is_not_computed_again(tmp_path):
    video, cache = still(tmp_path, n_frames=200), FieldCache(tmp_path / "cache")
    first = read(Counting(), video, cache=cache)
    encoder = Counting()

    again = read(encoder, video, cache=cache)

    assert encoder.asked == []
    assert (again[1] == first[1]).all()


def test_computation_goes_on_where_the_cache_ends(tmp_path):
    video, cache = still(tmp_path, n_frames=200), FieldCache(tmp_path / "cache")
    first = read(Counting(), video, cache=cache)
    for group in (1, 2):
        (tmp_path / "cache" / f"{video.sha256}-clips-counting-1-{group}.npz").unlink()
    encoder = Counting()

    again = read(encoder, video, cache=cache)

    assert encoder.asked == [185 - clips.GROUP]
    assert (again[1] == first[1]).all()


def test_progress_ends_at_the_number_of_frames(tmp_path):
    video, cache = still(tmp_path, n_frames=100), FieldCache(tmp_path / "cache")
    for _ in range(2):  # computed, then from the cache
        reports: list[Progress] = []
        read(Counting(), video, cache=cache, stride=8, progress=reports.append)

        done = [report.done for report in reports]
        assert done[-1] == 100
        assert done == sorted(done)


def test_reading_can_be_cancelled(tmp_path):
    video, cache = still(tmp_path, n_frames=200), FieldCache(tmp_path / "cache")
    read(Counting(), video, cache=cache)

    def stop(progress):
        raise Cancelled

    with pytest.raises(Cancelled):
        read(Counting(), video, cache=cache, progress=stop)
