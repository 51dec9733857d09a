import numpy as np
import pytest

from detectors.pose.cache import PoseCache
from tests.detectors.pose.walkers import walker


def test_people_are_kept(tmp_path):
    people = (walker(1), walker(4, first=9, frames=2))
    cache = PoseCache(tmp_path)

    cache.write("key", people)

    for found, kept in zip(cache.read("key"), people, strict=True):
        assert found.track == kept.track
        for name in ("frames", "boxes", "keypoints", "confidence"):
            np.testing.assert_array_equal(getattr(found, name), getattr(kept, name))


def test_that_nobody_was_there_is_kept_too(tmp_path):
    cache = PoseCache(tmp_path)
    cache.write("key", ())

    assert cache.read("key") == ()
    assert cache.read("another") is None


@pytest.mark.parametrize(
    "damage",
    [lambda b: b[: len(b) // 2], lambda b: b"", lambda b: b[:1500] + bytes([b[1500] ^ 255]) + b[1501:]],
)
def test_a_damaged_entry_is_no_entry(tmp_path, damage):
    cache = PoseCache(tmp_path)
    cache.write("key", (walker(),))
    file = tmp_path / "key.npz"
    file.write_bytes(damage(file.read_bytes()))

    assert cache.read("key") is None


def test_an_entry_whose_arrays_do_not_fit_each_other_is_no_entry(tmp_path):
    cache = PoseCache(tmp_path)
    cache.write("key", (walker(),))
    with np.load(tmp_path / "key.npz", allow_pickle=False) as archive:
        arrays = dict(archive)
    np.savez(tmp_path / "key.npz", **(arrays | {"lengths": arrays["lengths"] + 1}))

    assert cache.read("key") is None


def test_the_folder_never_grows_past_its_size(tmp_path):
    cache = PoseCache(tmp_path, max_bytes=3000)

    for key in ("first", "second", "third"):
        cache.write(key, (walker(),))

    assert cache.read("first") is None
    assert cache.read("third") is not None
