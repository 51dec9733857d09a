import numpy as np
import pytest

from detectors.pose import BadPoses, trajectories
from tests.detectors.pose.walkers import walker


@pytest.mark.parametrize("joints", [17, 18])
def test_people_come_back_as_they_were_written(tmp_path, joints):
    first, second = walker(1), walker(7, first=12, frames=3)

    trajectories.write(tmp_path, [first, second], joints=joints, confidence=True)
    found = trajectories.read(tmp_path)

    assert [path.name for path in sorted(tmp_path.iterdir())] == ["00001.csv", "00007.csv"]
    for person, wanted in zip(found, (first, second), strict=True):
        assert person.track == wanted.track
        np.testing.assert_array_equal(person.frames, wanted.frames)
        np.testing.assert_allclose(person.keypoints, wanted.keypoints, atol=1e-3)


def test_without_confidence_a_joint_at_the_origin_was_not_seen(tmp_path):
    person = walker()
    person.keypoints[:, 9, 2] = 0

    trajectories.write(tmp_path, [person])
    found = trajectories.read(tmp_path / "00001.csv")[0]

    assert (found.keypoints[:, 9] == 0).all()
    assert (np.delete(found.keypoints[..., 2], 9, axis=1) == 1).all()
    assert (found.boxes[:, 0] > 0).all()


def test_rows_may_come_in_any_order(tmp_path):
    row = ",".join(["5"] * 34)
    (tmp_path / "00003.csv").write_text(f"8,{row}\n6,{row}\n")

    assert trajectories.read(tmp_path)[0].frames.tolist() == [6, 8]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("00001.csv", "", "00001.csv is empty"),
        ("ann.csv", "1", "the name of a file should be the person's number"),
        ("00001.csv", "1,2,3\n", "00001.csv, line 1: there are 3 columns"),
        (
            "00001.csv",
            f"1,{','.join(['5'] * 34)}\n2,{','.join(['5'] * 36)}\n",
            "line 2: there are 37 columns",
        ),
        ("00001.csv", f"1,{','.join(['5'] * 33)},x\n", "line 1, column 35: 'x' is not a number"),
        ("00001.csv", f"1,{','.join(['5'] * 33)},nan\n", "line 1: a number is not finite"),
        ("00001.csv", f"1.5,{','.join(['5'] * 34)}\n", "line 1: '1.5' is not a frame number"),
        ("00001.csv", f"1,{','.join(['5'] * 34)}\n" * 2, "has frame 1 twice"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path, name, text, said):
    (tmp_path / name).write_text(text)

    with pytest.raises(BadPoses) as refusal:
        trajectories.read(tmp_path)

    assert said in str(refusal.value)


def test_two_files_of_one_person_are_refused(tmp_path):
    row = f"1,{','.join(['5'] * 34)}\n"
    (tmp_path / "1.csv").write_text(row)
    (tmp_path / "00001.csv").write_text(row)

    with pytest.raises(BadPoses, match="another file is of person 1"):
        trajectories.read(tmp_path)
