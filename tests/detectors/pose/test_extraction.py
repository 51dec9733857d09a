"""People of real and of drawn footage; needs the networks, which are not in the repository."""

import os
from pathlib import Path

import numpy as np
import pytest

from detectors import weights
from detectors.base import Cancelled, MissingWeights, Video
from detectors.pose import PoseSettings, extract
from detectors.pose.boxes import overlap, turned_back
from detectors.pose.cache import PoseCache
from detectors.pose.movenet import MoveNet
from detectors.pose.yolox import YoloX, tile_starts
from detectors.video import VideoWriter

SHARED = Path(os.environ.get("VADREVIEW_SHARED", Path(__file__).parents[4] / "shared")) / "data"
FALL = SHARED / "falls" / "subject1_fall_15.mp4"
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
@pytest.mark.skipif(not FALL.is_file(), reason="the falls are not beside the repository")
def test_somebody_who_lies_is_found_in_the_turned_picture():
    picture = next(Video(FALL).frames(150, 151))
    detector = YoloX(weights.path("yolox-nano"), device="cpu", weak=0.1, overlap=0.65)

    upright, turned = detector.detect(picture), detector.detect(picture, turns=1)

    assert upright[1].max(initial=0) < 0.5 < turned[1][0]
    left, top, right, bottom = turned[0][0]
    assert right - left > bottom - top
    assert 300 < (top + bottom) / 2 < 480  # on the floor


@needs_networks
@pytest.mark.footage
@pytest.mark.skipif(not FALL.is_file(), reason="the falls are not beside the repository")
@pytest.mark.parametrize("turns", [1, 3])
def test_joints_of_somebody_who_lies_are_those_of_somebody_who_sits(turns):
    picture = next(Video(FALL).frames(0, 1))
    height, width = picture.shape[:2]
    estimator = MoveNet(weights.path("movenet-lightning"))
    box = np.array([150, 120, 450, 470], np.float32)
    sits = estimator.pose(picture, box)
    # np.rot90 the other way puts a box of the turned picture back
    lies = turned_back(box[None], 4 - turns, height=width, width=height)[0]

    pose = estimator.pose(np.rot90(picture, turns), lies, sure=1.0)

    x, y = pose[:, 0], pose[:, 1]
    back = np.stack([width - y, x] if turns == 1 else [y, height - x], axis=1)
    assert np.median(np.linalg.norm(back - sits[:, :2], axis=1)) < 0.05 * 350


@needs_networks
@pytest.mark.footage
@pytest.mark.parametrize("tall", [False, True])
def test_tiles_find_everybody_where_they_are_and_nobody_twice(street, tall):
    picture = next(street.frames(0, 1))
    if tall:
        picture = np.concatenate([np.full_like(picture, 114), picture])
    detector = YoloX(weights.path("yolox-nano"), device="cpu", weak=0.35, overlap=0.65)

    whole, _ = detector.detect(picture)
    found, _ = detector.detect_closely(picture, tiles=2)

    assert len(found) >= len(whole) >= 3
    assert (overlap(whole, found).max(axis=1) > 0.5).all()
    assert (np.triu(overlap(found, found), 1) <= 0.5).all()


@pytest.mark.parametrize(
    ("length", "side", "tiles", "starts"),
    [(480, 270, 2, [0, 210]), (480, 270, 1, []), (300, 270, 2, []), (900, 300, 3, [0, 300, 600])],
)
def test_tiles_cover_the_longer_side(length, side, tiles, starts):
    assert tile_starts(length, side, tiles) == starts


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
