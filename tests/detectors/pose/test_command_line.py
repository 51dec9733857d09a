import numpy as np

from detectors.pose import alphapose, trajectories
from detectors.pose.__main__ import main
from tests.detectors.pose.walkers import walker


def test_poses_change_their_form_and_back(tmp_path, capsys):
    alphapose.write(tmp_path / "poses.json", [walker(1), walker(2)])

    assert main(["convert", str(tmp_path / "poses.json"), str(tmp_path / "csv"), "--joints", "18"]) == 0
    assert main(["convert", str(tmp_path / "csv"), str(tmp_path / "back.json")]) == 0

    assert "2 people, 10 poses" in capsys.readouterr().out
    for person, wanted in zip(alphapose.read(tmp_path / "back.json"), [walker(1), walker(2)], strict=True):
        np.testing.assert_allclose(person.keypoints[..., :2], wanted.keypoints[..., :2], atol=1e-3)
    assert len(trajectories.read(tmp_path / "csv")) == 2


def test_a_mistake_ends_in_a_sentence(tmp_path, capsys):
    (tmp_path / "poses.json").write_text("[1]")

    assert main(["convert", str(tmp_path / "poses.json"), str(tmp_path / "out.json")]) == 2

    assert capsys.readouterr().err == "error: poses.json, entry 0: there should be an object, not int.\n"


def test_a_setting_that_is_not_there_is_named(tmp_path, capsys):
    assert main(["extract", "yard.mp4", "--out", str(tmp_path / "p.json"), "--set", "detectevery=3"]) == 2

    assert "there is no setting 'detectevery'" in capsys.readouterr().err
