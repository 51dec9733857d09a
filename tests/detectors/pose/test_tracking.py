import numpy as np
import pytest

from detectors.pose import PoseSettings
from detectors.pose.boxes import best_of, overlap, shared_part, turned_back
from detectors.pose.tracking import Tracker

RED, BLUE = np.eye(2, 96, dtype=np.float32)


class Watched:
    """Shows a tracker what is there, look by look, and remembers whom it recognised."""

    def __init__(self, **settings):
        self.tracker = Tracker(PoseSettings(**settings), fps=10)

    def look(self, frame, *people, score=0.9):
        boxes = np.array([[x, 100, x + 20, 160] for x, _ in people], np.float32).reshape(-1, 4)
        looks = np.array([colours for _, colours in people], np.float32).reshape(-1, 96)
        found = self.tracker.look(frame, boxes, np.full(len(people), score, np.float32), looks)
        named = {}
        for person, box in found.seen:
            person.lost = False
            person.move(frame, box)
            named[int(box[0])] = person.number
        for person in found.missed:
            person.lost = True
        return named | {int(person.box[0]): person.number for person in found.new}


def test_people_keep_their_numbers_while_they_cross():
    watched = Watched()
    first = watched.look(0, (100, RED), (200, BLUE))

    for frame in range(4, 44, 4):
        last = watched.look(frame, (100 + 3 * frame, RED), (200 - 3 * frame, BLUE))

    assert last == {220: first[100], 80: first[200]}


def test_a_weak_detection_prolongs_somebody_but_begins_nobody():
    watched = Watched()
    ann = watched.look(0, (100, RED))[100]

    assert watched.look(4, (104, RED), (300, BLUE), score=0.15) == {104: ann}


def test_a_detection_below_the_threshold_begins_nobody():
    assert Watched().look(0, (100, RED), score=0.3) == {}


def test_a_person_who_comes_back_within_the_gap_is_the_same():
    watched = Watched(gap_s=2)
    ann = watched.look(0, (100, RED))[100]
    watched.look(4, (108, RED))
    watched.look(8)

    assert watched.look(18, (136, RED)) == {136: ann}


@pytest.mark.parametrize(
    ("frame", "x", "colours"),
    [(40, 136, RED), (18, 136, BLUE), (18, 400, RED)],
    ids=["too late", "dressed otherwise", "too far away"],
)
def test_a_stranger_gets_a_new_number(frame, x, colours):
    watched = Watched(gap_s=2)
    ann = watched.look(0, (100, RED))[100]
    watched.look(4, (108, RED))
    watched.look(8)

    assert watched.look(frame, (x, colours))[x] != ann


def test_somebody_fast_is_followed_by_velocity():
    watched = Watched()
    ann = watched.look(0, (100, RED))[100]
    watched.look(4, (112, RED))

    assert watched.look(8, (130, RED), (100, RED))[130] == ann


def test_overlap_is_the_share_of_the_union():
    first = np.array([[0, 0, 2, 2]], np.float32)

    found = overlap(first, np.array([[1, 0, 3, 2], [5, 5, 6, 6], [0, 0, 2, 2]], np.float32))

    np.testing.assert_allclose(found, [[1 / 3, 0, 1]], rtol=1e-6)


def test_the_best_of_boxes_that_overlap_is_chosen():
    boxes = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [50, 0, 60, 10]], np.float32)

    assert best_of(boxes, np.array([0.5, 0.9, 0.7], np.float32), most=0.6).tolist() == [1, 2]


def test_the_part_that_a_small_box_shares_with_a_large_one_is_its_own():
    large, small = (
        np.array([[0, 0, 10, 10]], np.float32),
        np.array([[5, 5, 7, 7], [9, 0, 11, 10]], np.float32),
    )

    np.testing.assert_allclose(shared_part(large, small), [[1, 0.5]])


@pytest.mark.parametrize("turns", range(4))
def test_boxes_in_a_turned_picture_are_those_of_the_picture_itself(turns):
    picture = np.zeros((30, 50), np.uint8)
    picture[4:9, 20:41] = 1
    rows, columns = np.nonzero(np.rot90(picture, turns))
    box = np.array([[columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]], np.float32)

    assert turned_back(box, turns, height=30, width=50).tolist() == [[20, 4, 41, 9]]


UPRIGHT, LYING = [100, 100, 112, 180], [100, 164, 180, 176]


def detected(tracker, frame, box, *, colours=RED, score=0.9):
    return tracker.look(frame, np.float32([box]), np.float32([score]), colours[None])


def test_somebody_who_lies_down_stays_the_same():
    tracker = Tracker(PoseSettings(), fps=10)
    ann = detected(tracker, 0, UPRIGHT).new[0]

    assert [person for person, _ in detected(tracker, 4, LYING).seen] == [ann]
    assert detected(tracker, 4, LYING, colours=BLUE).seen == []


def test_people_are_unsure_whom_no_strong_detection_shows():
    tracker = Tracker(PoseSettings(), fps=10)
    detected(tracker, 0, UPRIGHT)
    box = np.float32([UPRIGHT])

    assert len(tracker.unsure(4, box, np.float32([0.9]))) == 0
    assert tracker.unsure(4, box, np.float32([0.2])).tolist() == [UPRIGHT]
    assert len(tracker.unsure(4, box[:0], np.empty(0, np.float32))) == 1
