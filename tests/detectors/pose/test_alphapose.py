import json

import numpy as np
import pytest

from detectors.pose import BadPoses, alphapose, people
from tests.detectors.pose.walkers import walker

POSE = [float(i) for i in range(51)]


def test_people_come_back_as_they_were_written(tmp_path):
    first, second = walker(1), walker(7, first=12, frames=3)

    alphapose.write(tmp_path / "poses.json", [second, first])
    found = alphapose.read(tmp_path / "poses.json")

    assert [person.track for person in found] == [1, 7]
    for person, wanted in zip(found, (first, second), strict=True):
        np.testing.assert_array_equal(person.frames, wanted.frames)
        np.testing.assert_allclose(person.keypoints, wanted.keypoints, atol=1e-3)
        np.testing.assert_allclose(person.boxes, wanted.boxes, atol=2e-3)
        np.testing.assert_allclose(person.confidence, wanted.confidence, atol=1e-6)


def test_frames_are_padded_so_that_sorting_them_as_text_keeps_their_order(tmp_path):
    alphapose.write(tmp_path / "poses.json", [walker(first=98, frames=4)])

    keys = list(json.loads((tmp_path / "poses.json").read_text())["1"])

    assert keys == sorted(keys)


def test_eighteen_joints_lose_their_neck_and_nothing_else(tmp_path):
    person = walker()

    alphapose.write(tmp_path / "poses.json", [person], joints=18)
    found = alphapose.read(tmp_path / "poses.json")[0]

    assert len(json.loads((tmp_path / "poses.json").read_text())["1"]["00000000"]["keypoints"]) == 54
    np.testing.assert_allclose(found.keypoints, person.keypoints, atol=1e-3)


def test_the_neck_of_openpose_is_between_the_shoulders():
    pose = walker().keypoints

    neck = people.to_openpose(pose)[:, 1]

    np.testing.assert_allclose(neck, (pose[:, 5] + pose[:, 6]) / 2, rtol=1e-6)


def test_a_person_may_be_a_list_of_single_frames():
    pieces = [{"0004": {"keypoints": POSE, "scores": 2.0}}, {"0002": {"keypoints": POSE, "scores": 1.0}}]

    person = alphapose.from_json({"3": pieces})[0]

    assert (person.track, person.frames.tolist(), person.confidence.tolist()) == (3, [2, 4], [1.0, 2.0])


def test_poseflow_is_read_by_its_frames():
    content = {
        "frame_000002.jpg": [{"keypoints": POSE, "scores": 1.5, "idx": 4}, {"keypoints": POSE, "idx": 5}],
        "frame_000003.jpg": [{"keypoints": POSE, "scores": 1.5, "idx": 4}],
        "frame_000004.jpg": [],
    }

    found = alphapose.from_json(content)

    assert [(person.track, person.frames.tolist()) for person in found] == [(4, [2, 3]), (5, [2])]
    assert found[1].confidence is None


def test_results_of_alphapose_keep_their_boxes():
    entry = {"image_id": "7.jpg", "category_id": 1, "keypoints": POSE, "score": 2.5, "idx": [[2][0]]}

    person = alphapose.from_json([{**entry, "box": [10.0, 20.0, 30.0, 40.0]}])[0]

    assert (person.track, person.frames.tolist(), person.boxes.tolist()) == (2, [7], [[10, 20, 40, 60]])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (7, "at the top: there should be an object or a list"),
        ({"3": 5}, "person '3': there should be an object, not int"),
        ({"y": {"1": {"keypoints": POSE}}}, "person 'y': a person's id should be a whole number"),
        ({"3": {"1": {}}}, "person '3', frame '1': keypoints should be 51 numbers"),
        ({"3": {"1": {"keypoints": POSE[:-1]}}}, "there is 50 numbers"),
        ({"3": {"1": {"keypoints": [None, *POSE[1:]]}}}, "frame '1', keypoints: value 0 should be a finite number"),
        ({"3": {"1": {"keypoints": [*POSE[:-1], float("nan")]}}}, "value 50 should be a finite number, not 'nan'"),
        ({"3": {"1": {"keypoints": [1e9, *POSE[1:]]}}}, "a joint is farther than"),
        ({"3": {"1": {"keypoints": [10**400, *POSE[1:]]}}}, "value 0 should be a finite number, not '10000"),
        ({"3": {"1": {"keypoints": POSE, "scores": 1e300}}}, "scores: value 0 should be a finite number"),
        ({"3": {"one": {"keypoints": POSE}}}, "a frame should be a whole number from 0, not 'one'"),
        ({"3": {"999999999": {"keypoints": POSE}}}, "beyond any video"),
        ({"3": [{"1": {"keypoints": POSE}}, {"01": {"keypoints": POSE}}]}, "person 3 is in frame 1 twice"),
        ({"1.jpg": [{"keypoints": POSE, "idx": 2}] * 2}, "frame '1.jpg', entry 1: person 2 is in frame 1 twice"),
        ([{"image_id": "1.jpg", "keypoints": POSE}], "entry 0: there is no idx, so nobody was tracked"),
        ([{"image_id": "1.jpg", "keypoints": POSE, "idx": 1, "box": [1, 2, 3]}], "entry 0, box: there should be 4"),
        ([{"image_id": "1.jpg", "keypoints": POSE, "idx": 1, "box": [1, 2, 1e9, 4]}], "entry 0: the box reaches farther"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place(tmp_path, content, said):
    (tmp_path / "poses.json").write_text(json.dumps(content))

    with pytest.raises(BadPoses) as refusal:
        alphapose.read(tmp_path / "poses.json")

    assert str(refusal.value).startswith("poses.json, ")
    assert said in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is not JSON (line 1, column 2)"),
        ("[" * 100_000, "is not JSON"),
        ("9" * 5000, "is not JSON"),
        ('{"1": {}, "1": {}}', "two entries '1' in one object"),
    ],
)
def test_what_is_no_json_is_refused(tmp_path, text, said):
    (tmp_path / "poses.json").write_text(text)

    with pytest.raises(BadPoses) as refusal:
        alphapose.read(tmp_path / "poses.json")

    assert said in str(refusal.value)


def test_a_file_without_people_holds_nobody():
    assert alphapose.from_json({}) == ()
    assert alphapose.from_json({"3": {}}) == ()
