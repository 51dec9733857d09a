"""How far a training is as a whole, by the phase it is in."""

from types import SimpleNamespace

import pytest

import detectors
from detectors.base import Meter, Progress
from detectors.phases import Phase, occurring, reached

PHASES = (
    Phase("reading", "Reading", 1.0),
    Phase("drawing", "Drawing", 5.0, only={"pictures": (True,)}),
    Phase("training", "Training", 3.0),
)


def test_phases_follow_each_other_with_their_shares():
    without = occurring(PHASES, SimpleNamespace(pictures=False))

    assert [phase.name for phase in without] == ["reading", "training"]
    assert [reached(without, *at) for at in (("reading", 0.0), ("reading", 1.0), ("training", 0.0))] == [
        0.0, 0.25, 0.25,
    ]  # fmt: skip
    assert reached(without, "training", 1.0) == 1.0


def test_a_phase_that_settings_call_for_takes_its_share():
    every = occurring(PHASES, SimpleNamespace(pictures=True))

    assert reached(every, "training", 0.0) == pytest.approx(6 / 9)


def test_a_part_of_a_phase_counts_in_its_own_units():
    seen: list[Progress] = []
    meter = Meter(seen.append, "reading", 100)
    for _ in range(2):
        part = Meter(meter.within(50), "frames", 4)
        part.advance(1, loss=2.0)
        part.advance(3)

    assert [(one.phase, one.done, one.total) for one in seen] == [
        ("reading", done, 100) for done in (12, 50, 62, 100)
    ]
    assert seen[0].metrics == {"loss": 2.0}


def test_one_detector_is_the_one_to_begin_with_and_needs_no_files():
    chosen = [name for name in detectors.names() if detectors.about(name).recommended]

    assert len(chosen) == 1
    assert not detectors.about(chosen[0]).presets["fast"].needs_weights


@pytest.mark.parametrize("name", detectors.names())
def test_settings_that_matter_come_first_and_groups_are_whole(name):
    properties = detectors.describe(name)["schema"]["properties"].values()
    groups = [one.get("group") for one in properties]
    begun = [group for i, group in enumerate(groups) if i == 0 or group != groups[i - 1]]

    assert None not in groups
    assert len(begun) == len(set(begun))
    assert groups.count(begun[0]) <= 8
