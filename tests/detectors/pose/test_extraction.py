"""People of real and of drawn footage; needs the networks, which are not in the repository."""

import os
from pathlib import Path

import numpy as np
import pytest

from detectors import weights
from detectors.base import Cancelled, MissingWeights, Video
from detectors.pose import PoseSettings, extract
from detectors.pose.cache import PoseCache
from detectors.video import VideoWriter

SHARED = Path(os.environ.get("VADREVIEW_SHARED", Path(__file__).parents[4] / "shared")) / "data"
STREET = SHARED / "street" / "vtest.avi"

needs_networks = pytest.mark.skipif(
    not (SHARED / "models" / "yolox_nano.onnx").is_file(), reason="the networks are not beside the repository"
)


@pytest.fixture(autouse=True)
def networks(monkeypatch):
    monkeypatch.setenv(weights.FOLDER_VARIABLE, str(SHARED / "models"))
    monkeypatch.delenv("VADREVIEW_CACHE", raising=False)


@pytest.fixture(scope="module")
def street(tmp_path_factory):
    """The first frames of a real street."""
    path = tmp_path_factory.mktemp("street") / "street.mp4"
    source = Video(STREET)
    with VideoWriter(path, fps=source.fps) as writer:
        for picture in source.frames(0, 17):
            writer.write(picture)
    return Video(path)


@needs_networks
@pytest.mark.footage
def test_people_in_a_street_are_followed_with_their_joints(street):
    people = extract(street)

    whole = [person for person in people if len(person.frames) == street.n_frames]
    assert len(whole) >= 2
    for person in whole:
        steps = np.linalg.norm(np.diff(person.keypoints[:, 5:13, :2].mean(axis=1), axis=0), axis=1)
        height = np.median(person.boxes[:, 3] - person.boxes[:, 1])
        assert np.median(steps) < 0.15 * height  # nobody jumps
        trunk = person.keypoints[:, (5, 6, 11, 12), 1]
        assert (trunk[:, :2].mean(axis=1) < trunk[:, 2:].mean(axis=1)).mean() > 0.9  # shoulders above hips


@needs_networks
@pytest.mark.footage
def test_the_same_people_are_found_twice_and_read_from_the_cache(street, tmp_path, monkeypatch):
    cache = PoseCache(tmp_path)
    first = extract(street, cache=cache)
    monkeypatch.setattr("detectors.pose.extraction.YoloX", None)  # nothing is computed again

    second = extract(street, cache=cache)

    assert len(first) == len(second) > 0
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one.keypoints, other.keypoints)


@needs_networks
def test_nobody_is_found_where_nobody_is(tmp_path):
    path = tmp_path / "grey.mp4"
    with VideoWriter(path, fps=25) as writer:
        for _ in range(9):
            writer.write(np.full((120, 160, 3), 128, np.uint8))

    assert extract(Video(path)) == ()


@needs_networks
@pytest.mark.footage
def test_the_work_can_be_stopped(street):
    def stop(progress):
        raise Cancelled

    with pytest.raises(Cancelled):
        extract(street, progress=stop)


def test_without_the_networks_it_says_how_to_get_them(tmp_path, monkeypatch):
    monkeypatch.setenv(weights.FOLDER_VARIABLE, str(tmp_path))
    (tmp_path / "0001.png").write_bytes(b"")

    with pytest.raises(MissingWeights, match="fetch yolox-nano"):
        extract(Video(tmp_path), PoseSettings())
