"""The people of a run: stored by time, sent by stretches, drawn without the footage."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from detectors.base import Person, VideoScores
from tests.vadreview import factories
from vadreview.runs import artifacts, people, skeletons
from vadreview.runs.models import RunVideo

START, STOP = 100, 400  # when the second person is there


def person(track: int, start: int, stop: int, *, score: float, x: float) -> Person:
    frames = np.arange(start, stop, dtype=np.int64)
    keypoints = np.ones((len(frames), 17, 3), np.float32)
    keypoints[..., 0], keypoints[..., 1] = x + 5, 20 + np.arange(17)
    boxes = np.tile(np.array([x, 10, x + 10, 40], np.float32), (len(frames), 1))
    return Person(track, frames, boxes, keypoints, np.full(len(frames), score, np.float32))


@pytest.fixture
def scores() -> VideoScores:
    usual = person(1, 0, 1000, score=1.0, x=10)
    return VideoScores(np.zeros(1000, np.float32), people=(person(7, START, STOP, score=9.0, x=60), usual))


@pytest.fixture
def row(run, scores) -> RunVideo:
    """The run's video, with people."""
    row = run.run_videos.get()
    row.people, arrays = people.laid_out(scores)
    row.save(update_fields=["people"])
    artifacts.write(row, arrays)
    return row


@pytest.fixture
def where(row) -> str:
    return f"/api/runs/{row.run_id}/people/{row.video_id}/"


def test_a_stretch_holds_everybody_in_it_and_nobody_else(row):
    found = people.rows(row, start=98, stop=102)

    assert list(zip(found.frames.tolist(), found.tracks.tolist(), strict=True)) == [
        (98, 1), (99, 1), (100, 1), (100, 7), (101, 1), (101, 7),
    ]  # fmt: skip
    assert found.boxes[3].tolist() == [60, 10, 70, 40]
    assert found.scores.tolist() == [1, 1, 1, 9, 1, 9]


def test_a_long_answer_ends_between_two_frames_and_says_where(row, monkeypatch):
    monkeypatch.setattr(people, "MOST_ROWS", 7)

    found = people.rows(row, start=98, stop=400)

    assert found.stop == 102
    assert len(found.frames) == 6


def test_one_crowded_frame_is_sent_whole(row, monkeypatch):
    monkeypatch.setattr(people, "MOST_ROWS", 1)

    found = people.rows(row, start=150, stop=160)

    assert (found.stop, found.frames.tolist()) == (151, [150, 150])


def test_lanes_keep_the_highest_score_and_get_coarser_where_there_is_much(row, monkeypatch):
    fine = people.lanes(row, start=0, stop=1000)
    monkeypatch.setattr(people, "MOST_CELLS", 20)
    coarse = people.lanes(row, start=0, stop=1000)

    assert (fine.size, coarse.size) == (16, 256)
    for found in (fine, coarse):
        assert set(found.starts[found.tracks == 7] // found.size) == set(
            range(START // found.size, (STOP - 1) // found.size + 1)
        )
        assert (found.scores[found.tracks == 7] == 9).all()


def test_the_people_go_out_as_plain_arrays(api, viewer, where):
    answer = api(viewer).get(where, {"start": 100, "stop": 102})

    count, joints = int(answer["X-Count"]), int(answer["X-Joints"])
    frames, tracks = np.frombuffer(answer.content, "<i4", 2 * count).reshape(2, count)
    rest = np.frombuffer(answer.content, "<f4", offset=8 * count)
    assert (count, joints, answer["X-Stop"]) == (4, 17, "102")
    assert (frames.tolist(), tracks.tolist()) == ([100, 100, 101, 101], [1, 7, 1, 7])
    assert rest[:count].tolist() == [1, 9, 1, 9]
    assert len(rest) == count * (1 + 4 + 3 * joints)


def test_the_strangest_come_first_when_not_everybody_fits(api, viewer, where, monkeypatch):
    monkeypatch.setattr("vadreview.api.people.MOST_LANES", 1)

    told = api(viewer).get(f"{where}lanes/").json()

    assert [lane["track"] for lane in told["people"]] == [7]
    assert told["hidden"] == 1
    assert (told["people"][0]["first"], told["people"][0]["stop"]) == (96, 400)


def test_a_still_shows_the_strange_more_than_the_usual_and_grey_elsewhere(api, viewer, where, row):
    row.video.width, row.video.height = 96, 60
    row.video.save(update_fields=["width", "height"])

    png = api(viewer).get(f"{where}stills/200.png").content

    picture = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape == (600, 960, 3)
    usual, strange, nobody = picture[:, 90:210], picture[:, 590:710], picture[:, 300:500]
    assert (nobody == nobody[0, 0]).all()
    drawn = [np.abs(part.astype(int) - nobody[0, 0]).max(axis=2) > 40 for part in (usual, strange)]
    assert drawn[1].sum() > 1.5 * drawn[0].sum()


def test_a_colour_means_the_same_in_every_video_of_a_run(row):
    factories.RunVideoFactory(run=row.run, people={"low": -3.0, "high": 30.0})
    factories.RunVideoFactory(run=row.run, people={})

    assert people.scale(row.run) == (-3, 30)


def test_the_strangest_are_red_as_on_the_desk(row):
    drawn = skeletons.draw(people.rows(row, start=200, stop=201), width=80, height=50, low=1, high=9)

    picture = cv2.imdecode(np.frombuffer(drawn, np.uint8), cv2.IMREAD_COLOR)
    assert (picture.reshape(-1, 3) == (90, 30, 240)).all(axis=1).any()


def test_a_run_without_people_has_none_to_send(api, viewer, run):
    row = run.run_videos.get()

    for part in ("", "lanes/", "stills/0.png"):
        assert api(viewer).get(f"/api/runs/{run.pk}/people/{row.video_id}/{part}").status_code == 404


def test_nobody_is_laid_out_as_nothing():
    assert people.laid_out(VideoScores(np.zeros(3, np.float32), people=())) == ({}, {})
