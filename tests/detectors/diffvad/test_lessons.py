"""What training windows teach by their labels, and when."""

import numpy as np
import pytest

from detectors.base import ABNORMAL, UNKNOWN
from detectors.diffvad import training
from detectors.diffvad.bank import Bank, Round
from detectors.diffvad.config import DiffVADConfig
from detectors.diffvad.refinement import Neighbours, Verdicts

RAW = np.array([0, 0, 1, 1], np.int8)
REFINED = np.array([0, 1, 1, 0], np.int8)
WEIGHT = np.array([0.9, 0.5, 0.8, 0.4], np.float32)


def labels(refined=REFINED) -> Round:
    nothing = np.zeros(4, np.float32)
    vote = np.array([0.1, 0.6, 0.9, 0.4], np.float32)
    return Round(nothing, nothing, RAW, nothing, vote, refined, WEIGHT, np.zeros((2, 2)))


def bank(clamped=(UNKNOWN,) * 4) -> Bank:
    nobody = Neighbours(np.full((4, 1), -1, np.int32), np.zeros((4, 1), np.float16))
    verdicts = Verdicts(np.array(clamped, np.int8), np.zeros(4, bool))
    empty = np.zeros(4, np.int32)
    return Bank(
        ("a",), ("b",), np.ones(1), np.ones((1, 2), int), empty[:1], empty, empty, empty, verdicts, nobody
    )


def lesson(treatment, *, number=1, found=None, clamped=(UNKNOWN,) * 4, usual=(True,) * 4, rows=(0, 1, 2, 3)):
    config = DiffVADConfig(treatment=treatment)
    found = labels() if found is None else found
    return training.plan_lesson(found, number, bank(clamped), np.array(rows), np.array(usual), config)


def test_the_warm_up_learns_from_all_windows_alike():
    found = training.plan_lesson(None, 0, bank(), np.arange(4), np.ones(4, bool), DiffVADConfig())

    assert found.indices.tolist() == [0, 1, 2, 3]
    assert found.weight.tolist() == [1, 1, 1, 1]


def test_windows_that_the_vote_finds_abnormal_are_left_out():
    found = lesson("drop")

    assert found.indices.tolist() == [0, 3]
    assert found.weight.tolist() == pytest.approx([0.9, 0.4])


def test_training_windows_take_the_label_of_their_row_in_the_bank():
    assert lesson("drop", rows=(0, 1, 1, 0)).indices.tolist() == [0, 3]


def test_the_push_comes_late_and_only_where_both_labels_agree():
    early, late = lesson("hinge", number=1), lesson("hinge", number=2)

    assert early.push.max() == 0
    assert late.indices.tolist() == [0, 2, 3]
    assert late.push.tolist() == pytest.approx([0, 0.2 * 0.8, 0])


def test_what_a_person_found_abnormal_is_pushed_away_with_full_weight_and_never_learned():
    found = lesson(
        "hinge", number=2, clamped=(UNKNOWN, UNKNOWN, ABNORMAL, UNKNOWN), usual=(True, True, False, True)
    )

    place = found.indices.tolist().index(2)
    assert (found.weight[place], found.push[place]) == (0, 1)
    assert 2 not in lesson("none", usual=(True, True, False, True)).indices


def test_replacing_teaches_abnormal_windows_another_future():
    assert lesson("replace").swap.tolist() == [False, True, True, False]


def test_something_is_always_left_to_learn_from():
    everything = labels(np.ones(4, np.int8))

    assert lesson("drop", found=everything).indices.tolist() == [0, 3]


def test_one_class_training_has_no_rounds_but_as_many_steps():
    one, merged = (training.plan(DiffVADConfig(mode=mode), 1000) for mode in ("one_class", "merged"))

    assert {number for number, _ in one} == {0}
    assert {number for number, _ in merged} == {0, 1, 2}
    assert sum(steps for _, steps in one) == sum(steps for _, steps in merged) == 360


def test_an_empty_round_length_is_one_pass():
    config = DiffVADConfig(round_steps=None, rounds=1, warmup_steps=2, batch_size=64)

    assert sum(steps for number, steps in training.plan(config, 1000) if number == 1) == 16
