"""Poses that are not as they should be, and people whom nobody can judge."""

import json

import numpy as np
import pytest

import detectors
from detectors import scorefile
from detectors.base import LEFT_OUT, ConfigError, NotFitted, Supervision, UnreadableVideo
from detectors.cli import main
from detectors.pose import BadPoses, PosedPerson
from detectors.pose.clip import PoseClip, find_clips
from detectors.pose.people import boxes_around
from detectors.stgnf import scoring, training
from detectors.stgnf.config import StgNfConfig
from detectors.stgnf.segments import Cut, clean, segments_of
from tests.detectors import check_detector as check
from tests.detectors import footage

CUT = Cut(8)


def walker(n_frames=20, *, track=1, frames=None, seed=0):
    frames = np.arange(n_frames) if frames is None else np.asarray(frames)
    poses = np.random.default_rng(seed).uniform(50, 90, (len(frames), 17, 3)).astype(np.float32)
    return PosedPerson(track, frames.astype(np.int64), boxes_around(poses), poses)


def clip(folder, people, name="clip"):
    path = folder / f"{name}.mp4"
    footage.write_people(path, people)
    return PoseClip(path.with_suffix(".json"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("poses")


@pytest.fixture(scope="module")
def fitted(folder):
    return check.make("stgnf").fit([clip(folder, footage.people(60, seed=1), "usual")])


# ---- tracks and segments ----


def starts(people, cut=CUT):
    return [int(start) for part in segments_of(people, cut) for start in part.starts]


def test_a_track_shorter_than_a_segment_gives_none():
    assert starts([walker(7)]) == []
    assert starts([walker(8)]) == [0]


def test_two_missing_frames_are_let_pass_and_three_are_not():
    two = walker(frames=[*range(8), *range(10, 18)])
    three = walker(frames=[*range(8), *range(11, 19)])

    assert starts([two]) == [0, 1, 2, 3, 4, 5, 6, 7, 10]
    assert starts([three]) == [0, 1, 2, 11]


def test_short_gaps_are_filled_on_straight_lines():
    person = walker(frames=[0, 1, 4, 5, 20, 21])

    filled = clean(person, fill_gaps=2)

    assert filled.frames.tolist() == [0, 1, 2, 3, 4, 5, 20, 21]
    third = person.keypoints[1] + (person.keypoints[2] - person.keypoints[1]) / 3
    np.testing.assert_allclose(filled.keypoints[2], third, rtol=1e-5)


def test_poses_that_are_not_numbers_are_left_out():
    person = walker(20)
    person.keypoints[5, 3, 0] = np.nan

    assert 5 not in clean(person).frames
    assert np.isfinite(next(segments_of([clean(person)], CUT)).planes).all()


def test_poses_without_a_height_are_left_out():
    flat = walker(20)
    flat.keypoints[..., 1] = 100

    assert starts([flat]) == []
    assert len(starts([flat, walker(20)])) == 13


# ---- files ----


def test_two_people_with_one_id_are_refused(tmp_path):
    entry = {"keypoints": [1.0] * 51, "scores": 1.0}
    file = tmp_path / "a.json"
    file.write_text(f'{{"1": {{"000": {json.dumps(entry)}}}, "1": {{"000": {json.dumps(entry)}}}}}')

    with pytest.raises(BadPoses, match="two entries '1'"):
        check.make("stgnf").fit([PoseClip(file)])


def test_a_broken_file_is_refused_with_its_place(tmp_path, fitted):
    file = tmp_path / "a.json"
    file.write_text('{"1": {"000": {"keypoints": [1, 2], "scores": 1}}}')

    with pytest.raises(BadPoses, match=r"a\.json, person '1', frame '000': keypoints should be 51 numbers"):
        fitted.score(PoseClip(file))


def test_poses_of_another_video_are_refused(tmp_path, fitted):
    video = footage.write(tmp_path, "short", footage.scene(10, seed=1), people=[walker(30)])

    with pytest.raises(BadPoses, match=r"frame 29.*frames 0 to 9"):
        fitted.score(video)


def test_missing_poses_are_said_to_be_missing(tmp_path, fitted):
    video = footage.write(tmp_path, "bare", footage.scene(10, seed=1))
    (tmp_path / "bare.json").unlink()

    with pytest.raises(UnreadableVideo, match="no poses beside"):
        fitted.score(video)


def test_a_clip_of_poses_has_no_pictures(tmp_path):
    with pytest.raises(UnreadableVideo, match="holds poses and no pictures"):
        next(iter(clip(tmp_path, [walker()]).frames()))


def test_names_of_clips_are_those_of_their_labels(tmp_path):
    footage.write_people(tmp_path / "01_0014_alphapose_tracked_person.mp4", [walker()])
    (tmp_path / "labels.json").write_text("{}")

    assert [found.name for found in find_clips(tmp_path)] == ["01_0014"]


# ---- what there is to learn from ----


def test_people_seen_too_shortly_are_nothing_to_learn_from(tmp_path):
    with pytest.raises(ConfigError, match=r"No person is seen for 8 frames in a row"):
        check.make("stgnf").fit([clip(tmp_path, [walker(5)])])


def test_a_segment_is_abnormal_by_all_of_its_frames():
    part = next(segments_of([walker(24)], Cut(8, 4)))  # starts 0, 4, 8, 12, 16
    verdicts = np.full(24, -1, np.int8)
    verdicts[10:18] = 1
    verdicts[:2] = 0

    found = training.label(part, verdicts, overlap=0.5)

    assert found.tolist() == [0, training.BETWEEN, 1, 1, training.BETWEEN]


def test_a_segment_with_a_frame_that_was_left_out_is_not_usual():
    part = next(segments_of([walker(24)], Cut(8, 4)))
    verdicts = np.full(24, LEFT_OUT, np.int8)
    verdicts[:9], verdicts[12:22] = 0, 1

    found = training.label(part, verdicts, overlap=0.5)

    assert found.tolist() == [0, training.BETWEEN, 1, 1, 1]


def test_accepted_poses_make_training_supervised(tmp_path):
    usual, odd = footage.people(60, seed=1), footage.people(60, seed=2, race=range(20, 50))
    videos = [clip(tmp_path, usual, "usual"), clip(tmp_path, odd[-1:], "odd")]
    verdicts = Supervision({"odd": np.array([-1] * 20 + [1] * 30, np.int8)})

    detector = detectors.create("stgnf", device="cpu", **{**check.SMALL["stgnf"], "prior": "auto"})
    taught = detector.fit(videos, supervision=verdicts)

    assert taught.supervised_
    assert taught.network_.prior_mean == 10.0
    assert taught.losses_[-1] < taught.losses_[0]


def test_supervised_training_without_accepted_people_is_refused(tmp_path):
    detector = detectors.create("stgnf", **{**check.SMALL["stgnf"], "prior": "supervised"})

    with pytest.raises(ConfigError, match="needs people in accepted segments"):
        detector.fit([clip(tmp_path, [walker()])])


def test_training_can_begin_from_a_model(tmp_path, folder, fitted):
    fitted.save(tmp_path / "before")
    videos = [clip(folder, footage.people(60, seed=1), "usual")]

    again = check.make("stgnf").fit(videos, warm_start=tmp_path / "before")

    assert again.losses_[0] < fitted.losses_[0]


def test_a_model_of_another_network_is_no_beginning(tmp_path, fitted):
    fitted.save(tmp_path / "before")
    detector = detectors.create("stgnf", **{**check.SMALL["stgnf"], "steps": 5})

    with pytest.raises(ConfigError, match="its steps is 4, here it is 5"):
        detector.fit([clip(tmp_path, [walker()])], warm_start=tmp_path / "before")


# ---- scores ----


def test_a_video_without_people_ends_with_a_sentence(tmp_path, fitted):
    scores = fitted.score(footage.write(tmp_path, "empty", footage.scene(12, seed=1)))

    assert scores.notes == (scoring.NOBODY,)
    np.testing.assert_allclose(scores.frames, fitted.calibration_.floor, rtol=1e-6)
    assert scores.people is None


def test_people_seen_too_shortly_are_counted_in_a_sentence(tmp_path, fitted):
    scores = fitted.score(clip(tmp_path, [walker(20), walker(5, track=2)]))

    assert scores.notes[0].startswith("1 of 2 people are not judged")


def test_the_strangest_person_is_the_score_of_a_frame(tmp_path):
    config = StgNfConfig(segment_length=8, smoothing="none")
    people = [walker(12), walker(12, track=2)]
    measured = scoring.Measured(
        np.array([1, 5, 2, 3], np.float32), np.array([0, 0, 1, 1]), np.array([0, 4, 0, 4]), np.array([7, 11, 7, 11]),
        np.empty((0, 0), np.float32), np.empty(0, np.int64),
    )  # fmt: skip

    scores = scoring.judge(measured, people, config, calibration=None, n_frames=14, size=(100, 100))

    # middles are frames 4 and 8; frames 12 and 13 show nobody
    np.testing.assert_array_equal(scores.frames, [2] * 7 + [5] * 5 + [1, 1])
    assert scores.people[1].scores.tolist() == [2] * 7 + [3] * 5


def test_boxes_are_painted_by_the_score_of_their_person(tmp_path, fitted):
    people = footage.people(40, seed=3, race=range(8, 30))
    scores = fitted.score(footage.write(tmp_path, "race", footage.scene(40, seed=3), people=people))
    racer = next(person for person in scores.people if person.track == 9)
    left, top, right, bottom = racer.boxes[12]

    at = scores.heatmaps.values[list(scores.heatmaps.frames).index(20)]
    row = int((top + bottom) / 2 / footage.HEIGHT * 18)
    column = int((left + right) / 2 / footage.WIDTH * 32)

    assert at[row, column] == at.max() > 0


def test_poses_alone_go_through_the_command_line(tmp_path, capsys):
    for name, seed, race in (("a", 1, range(0)), ("b", 2, range(20, 44))):
        footage.write_people(
            tmp_path / f"{name}_alphapose_tracked_person.mp4", footage.people(60, seed=seed, race=race)
        )
    labels = {"a": [0] * 64, "b": [0] * 20 + [1] * 24 + [0] * 20}  # the footage went on after the last pose
    (tmp_path / "labels").write_text(json.dumps(labels))
    settings = [word for key, value in check.SMALL["stgnf"].items() for word in ("--set", f"{key}={value}")]
    model, out, one = map(
        str, (tmp_path / "model", tmp_path / "scores", tmp_path / "a_alphapose_tracked_person.json")
    )

    assert main(["fit", "--detector", "stgnf", *settings, "--device", "cpu", "--out", model, one]) == 0
    assert main(["score", "--model", model, "--out", out, "--device", "cpu", str(tmp_path)]) == 0
    capsys.readouterr()
    assert main(["evaluate", "--scores", out, "--labels", str(tmp_path / "labels")]) == 0

    assert json.loads(capsys.readouterr().out)["micro_auc"] > 0.9


def test_a_detector_without_weights_says_so():
    with pytest.raises(NotFitted):
        check.make("stgnf").log_likelihood(np.zeros((1, 2, 8, 18), np.float32))


def test_plain_motion_is_kept_to_compare_with_where_it_is_asked_for(tmp_path, fitted, capsys):
    footage.write(tmp_path, "clip", footage.scene(24, seed=3), people=footage.people(24, seed=3))
    model, out = str(tmp_path / "model"), str(tmp_path / "scores")
    fitted.save(model)

    assert main(["score", "--model", model, "--out", out, "--motion", str(tmp_path / "clip.mp4")]) == 0

    found = scorefile.read(tmp_path / "scores" / "clip.npz").tracks
    assert found["motion_time_mean_16"].values.shape == (24,)
    assert found.keys() >= {"strangest_person", "motion_strongest_cell"}
