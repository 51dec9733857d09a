"""The command line: what it prints, what it writes, and how it says no."""

import json
from fractions import Fraction

import numpy as np
import pytest

import detectors
from detectors import cli, evaluation, scorefile
from detectors.base import ConfigError, Heatmaps, Patterns, Person, Track, VideoScores
from tests.detectors import footage

SMALL = ["size=32", "widths=[4,4,4,4]", "epochs=1", "min_steps=4", "max_training_frames=64"]
FIT = ["fit", "--detector", "pseudoanomaly", "--device", "cpu"]
RACE = range(15, 25)


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clips")
    footage.write(folder, "one", footage.scene(30, seed=1, race=RACE))
    footage.write(folder, "two", footage.scene(24, seed=2))
    return folder


@pytest.fixture(scope="module")
def model(clips, tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    settings = [word for setting in SMALL for word in ("--set", setting)]
    assert cli.main([*FIT, *settings, "--out", str(folder), str(clips)]) == 0
    return folder


@pytest.fixture
def scores(model, clips, tmp_path):
    assert cli.main(["score", "--model", str(model), "--out", str(tmp_path / "scores"), str(clips)]) == 0
    return tmp_path / "scores"


def labels_file(folder, content):
    path = folder / "labels.json"
    path.write_text(json.dumps(content))
    return path


def race_labels():
    return {
        "one": {"labels": [int(n in RACE) for n in range(30)]},
        "two": [0] * 24,
    }


def complaint(capsys, *arguments):
    """What a command that must fail says; it may not show a traceback."""
    assert cli.main(list(map(str, arguments))) == 2
    said = capsys.readouterr().err
    assert "Traceback" not in said
    return said


def test_list_names_detectors_presets_and_settings(capsys):
    assert cli.main(["list"]) == 0

    said = capsys.readouterr().out
    assert "pseudoanomaly" in said
    assert "--preset paper" in said
    assert "--set epochs=6" in said


def test_fit_leaves_the_model_alone_in_its_folder(model):
    assert [path.name for path in model.iterdir()] == ["model.safetensors"]


def test_an_interrupted_fit_says_that_it_can_go_on(clips, tmp_path, capsys, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("detectors.pseudoanomaly.detector.PseudoAnomaly.fit", interrupt)
    assert cli.main([*FIT, "--out", str(tmp_path), str(clips)]) == 130

    assert "goes on from the last finished epoch" in capsys.readouterr().err


def test_fit_begins_from_the_model_it_is_given(model, clips, tmp_path, monkeypatch):
    handed = []
    detector = type(detectors.create("pseudoanomaly"))
    monkeypatch.setattr(detector, "fit", lambda self, videos, **options: handed.append(options["warm_start"]))
    monkeypatch.setattr(detector, "save", lambda self, folder: "0" * 64)

    fit = [*FIT, "--warm-start", str(model), "--out", str(tmp_path), str(clips)]
    assert cli.main(fit) == 0
    assert handed == [model]


def test_a_model_to_begin_from_that_is_not_there_is_said(clips, tmp_path, capsys):
    said = complaint(capsys, *FIT, "--warm-start", tmp_path / "none", "--out", tmp_path, clips)

    assert "model.safetensors" in said


def test_score_prints_one_line_a_video(model, clips, tmp_path, capsys):
    cli.main(["score", "--model", str(model), "--out", str(tmp_path), str(clips)])

    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == ["one", "two"]


def test_score_files_can_be_read_with_numpy_alone(scores):
    with np.load(scores / "one.npz", allow_pickle=False) as archive:
        assert archive["frames"].shape == (30,)
        assert archive["frames"].dtype == np.float32
        assert float(archive["fps"]) == 10
        assert len(str(archive["sha256"])) == 64
        assert archive["track__motion_strongest_cell"].shape == (30,)
        assert len(archive["heatmap"]) == len(archive["heatmap_frames"])
        assert archive["heatmap_range"].shape == (2,)


def test_evaluate_prints_the_figures_beside_plain_motion(scores, tmp_path, capsys):
    labels = labels_file(tmp_path, race_labels())
    capsys.readouterr()
    assert cli.main(["evaluate", "--scores", str(scores), "--labels", str(labels)]) == 0

    figures = json.loads(capsys.readouterr().out)
    assert figures["frames"] == 54
    assert figures["abnormal_frames"] == 10
    assert 0 <= figures["micro_auc"] <= 1
    assert set(figures) >= {"macro_auc", "ap", "eer", "auc_binarised", "smoothed_g5"}
    baselines = figures["baselines"]
    assert set(baselines) == {"motion_strongest_cell_g5", "motion_time_mean_16"}
    assert baselines["motion_time_mean_16"]["micro_auc"] > 0.8  # a race is plain motion


def test_videos_without_labels_are_left_out_with_a_warning(scores, tmp_path, capsys):
    labels = labels_file(tmp_path, {"one": race_labels()["one"]})
    assert cli.main(["evaluate", "--scores", str(scores), "--labels", str(labels)]) == 0

    said = capsys.readouterr()
    assert '"frames": 30' in said.out
    assert "left out for want of labels: two" in said.err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--detector", "magic"], "There is no detector 'magic'"),
        (["--detector", "pseudoanomaly", "--preset", "huge"], "has no preset 'huge'"),
        (["--detector", "pseudoanomaly", "--set", "epoch=3"], "there is no setting 'epoch'"),
        (["--detector", "pseudoanomaly", "--set", "epochs=0"], "epochs: input should be greater than"),
        (["--detector", "pseudoanomaly", "--set", "epochs=many"], "epochs: input should be a valid integer"),
    ],
)
def test_fit_says_what_is_wrong_with_its_settings(arguments, sentence, clips, tmp_path, capsys):
    said = complaint(capsys, "fit", *arguments, "--out", tmp_path / "model", clips)

    assert sentence in said
    assert not (tmp_path / "model").exists()


def test_a_missing_video_is_named(tmp_path, capsys):
    assert "absent.mp4" in complaint(capsys, *FIT, "--out", tmp_path / "m", tmp_path / "absent.mp4")


def test_a_file_that_is_no_video_is_refused(tmp_path, capsys):
    fake = tmp_path / "fake.mp4"
    fake.write_text("<html>not a video</html>")

    assert "fake.mp4" in complaint(capsys, *FIT, "--out", tmp_path / "m", fake)


def test_a_folder_without_a_model_is_refused(clips, tmp_path, capsys):
    said = complaint(capsys, "score", "--model", tmp_path, "--out", tmp_path / "s", clips)

    assert "no model" in said


def test_two_videos_of_one_name_are_refused(clips, model, tmp_path, capsys):
    other = tmp_path / "other"
    other.mkdir()
    (other / "one.mp4").write_bytes((clips / "one.mp4").read_bytes())

    said = complaint(capsys, "score", "--model", model, "--out", tmp_path / "s", clips, other)
    assert "Two videos are called one" in said


def masks_folder(folder, **masks):
    (folder / "masks").mkdir()
    for name, mask in masks.items():
        np.savez(folder / "masks" / f"{name}.npz", mask=mask)
    return folder / "masks"


def evaluated(capsys, scores, labels, masks):
    capsys.readouterr()
    words = ["evaluate", "--scores", scores, "--labels", labels, "--masks", masks]
    assert cli.main(list(map(str, words))) == 0
    return json.loads(capsys.readouterr().out)


def test_evaluate_finds_where_with_masks(scores, tmp_path, capsys):
    everywhere = np.zeros((30, 64, 64), bool)
    everywhere[RACE] = True  # IoU with any region of a heatmap is its size
    labels = labels_file(tmp_path, race_labels())

    figures = evaluated(capsys, scores, labels, masks_folder(tmp_path, one=everywhere))

    assert figures["true_tracks"] == 1
    assert figures["true_regions"] == 10
    assert 0 < figures["rbdc"] <= 1
    assert 0 < figures["tbdc"] <= 1


def test_scores_without_heatmaps_say_why_there_is_no_rbdc(tmp_path, capsys):
    (tmp_path / "scores").mkdir()
    curve = VideoScores(np.arange(30, dtype=np.float32))
    scorefile.save(tmp_path / "scores" / "one.npz", curve, fps=Fraction(25), sha256="ab")
    labels = labels_file(tmp_path, {"one": race_labels()["one"]})

    figures = evaluated(
        capsys, tmp_path / "scores", labels, masks_folder(tmp_path, one=np.ones((30, 9, 9), bool))
    )

    assert figures["rbdc"] is None
    assert "not where" in figures["undefined"]["rbdc"]


def test_without_any_mask_it_is_the_masks_that_are_missing(scores, tmp_path, capsys):
    figures = evaluated(capsys, scores, labels_file(tmp_path, race_labels()), masks_folder(tmp_path))

    assert figures["rbdc"] is None
    assert "has a mask" in figures["undefined"]["rbdc"]


def test_a_folder_of_masks_that_is_not_there_is_said(scores, tmp_path, capsys):
    labels = labels_file(tmp_path, race_labels())

    said = complaint(
        capsys, "evaluate", "--scores", scores, "--labels", labels, "--masks", tmp_path / "absent"
    )
    assert "no folder" in said
    assert "absent" in said


def test_masks_cover_the_footage_where_scores_of_poses_end_before_it(tmp_path, capsys):
    (tmp_path / "scores").mkdir()
    person = Person(
        1, np.arange(10, 20), np.tile(np.float32([2, 2, 6, 8]), (10, 1)), np.zeros((10, 17, 3), np.float32),
        np.ones(10, np.float32),
    )  # fmt: skip
    curve = VideoScores(np.zeros(20, np.float32), people=(person,))
    scorefile.save(tmp_path / "scores" / "one.npz", curve, fps=Fraction(24), sha256="ab", open_end=True)
    mask = np.zeros((30, 12, 12), bool)
    mask[10:20, 2:8, 2:6] = True
    labels = labels_file(tmp_path, {"one": mask.any((1, 2)).astype(int).tolist()})

    figures = evaluated(capsys, tmp_path / "scores", labels, masks_folder(tmp_path, one=mask))
    assert figures["rbdc"] == 1


@pytest.mark.parametrize(
    ("mask", "sentence"),
    [
        (np.ones((29, 9, 9), bool), "29 frames, the scores 30"),
        (np.ones((30, 9), bool), "bool [frames, height, width]"),
        (np.ones((30, 9, 9), object), "no array called mask that can be read"),
    ],
)
def test_evaluate_says_what_is_wrong_with_a_mask(mask, sentence, scores, tmp_path, capsys):
    masks, labels = masks_folder(tmp_path, one=mask), labels_file(tmp_path, race_labels())

    said = complaint(capsys, "evaluate", "--scores", scores, "--labels", labels, "--masks", masks)
    assert sentence in said


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ([1, 2], "must hold an object"),
        ({"one": [0, 2]}, "list of 0 and 1"),
        ({"one": "abc"}, "list of 0 and 1"),
        ({"other": [0, 1]}, "No video has both"),
        ({"one": [0, 1]}, "one"),
    ],
)
def test_evaluate_says_what_is_wrong_with_labels(content, sentence, scores, tmp_path, capsys):
    labels = labels_file(tmp_path, content)

    assert sentence in complaint(capsys, "evaluate", "--scores", scores, "--labels", labels)


def test_labels_that_are_not_json_are_refused(scores, tmp_path, capsys):
    labels = tmp_path / "labels.json"
    labels.write_text("{")

    said = complaint(capsys, "evaluate", "--scores", scores, "--labels", labels)
    assert "not JSON" in said
    assert "must hold an object: video name -> list of 0 and 1" in said


def test_ground_truth_of_other_formats_is_sent_to_the_browser(scores, tmp_path, capsys):
    labels = tmp_path / "UCSDped2.m"
    labels.write_text("TestVideoFile{end+1}.gt_frame = [61:180];")

    said = complaint(capsys, "evaluate", "--scores", scores, "--labels", labels)
    assert "read in the browser" in said
    assert '{"Test001": [0, 0, 1, ...], ...}' in said


def test_pickled_scores_are_refused(tmp_path):
    np.savez(tmp_path / "evil.npz", frames=np.array([{"a": 1}], dtype=object))

    with pytest.raises(ConfigError, match="no scores that can be read"):
        scorefile.read(tmp_path / "evil.npz")


def test_everything_a_detector_can_say_survives_the_file(tmp_path):
    scores = VideoScores(
        frames=np.float32([1, 2]),
        tracks={"distance": Track(np.float32([3]), stride=4, offset=1)},
        heatmaps=Heatmaps(np.ones((1, 2, 2), np.uint8), np.array([1]), 0.0, 3.0, (0.1, 0.0, 0.9, 1.0)),
        patterns=Patterns(np.ones((1, 3), np.float32), np.array([-2]), 16, np.ones((1, 2, 3), np.float32)),
        people=(
            Person(
                7,
                np.array([0, 1]),
                np.ones((2, 4), np.float32),
                np.ones((2, 17, 3), np.float32),
                np.ones(2, np.float32),
            ),
        ),
    )
    scorefile.save(tmp_path / "a.npz", scores, fps=Fraction(25), sha256="ab")
    again = scorefile.read(tmp_path / "a.npz")

    assert again.tracks["distance"].stride == 4
    assert again.tracks["distance"].offset == 1
    assert again.heatmaps.region == (0.1, 0.0, 0.9, 1.0)
    assert again.patterns.length == 16
    assert again.patterns.generated.shape == (1, 2, 3)
    assert again.people[0].track == 7
    assert again.people[0].keypoints.shape == (2, 17, 3)


def test_the_gaussian_keeps_a_constant_and_spreads_a_spike():
    spike = np.zeros(101, np.float32)
    spike[50] = 1
    smooth = evaluation.gaussian(spike)

    expected = np.exp(-(np.arange(-50, 51) ** 2) / 50)
    np.testing.assert_allclose(smooth, expected / expected.sum(), atol=1e-4)
    np.testing.assert_allclose(evaluation.gaussian(np.ones(7, np.float32)), 1)
