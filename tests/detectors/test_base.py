"""What people decided, as the detectors read it."""

import numpy as np
import pytest

from detectors import artifacts
from detectors.base import ABNORMAL, LEFT_OUT, NORMAL, UNKNOWN, ConfigError, Supervision
from tests.detectors import footage


@pytest.fixture
def video(tmp_path):
    return footage.write(tmp_path, "clip", footage.scene(20, seed=1))


def test_a_video_nobody_decided_on_is_unknown_and_undisputed(video):
    nothing = Supervision({})

    assert (nothing.of(video) == UNKNOWN).all()
    assert not nothing.disputed_in(video).any()


def test_what_is_abnormal_or_left_out_may_not_be_taken_for_usual(video):
    labels = np.repeat(np.array([LEFT_OUT, UNKNOWN, NORMAL, ABNORMAL], np.int8), 5)

    assert Supervision({"clip": labels}).usual_in(video).nonzero()[0].tolist() == list(range(5, 15))


def test_disputed_frames_of_another_length_are_refused(video):
    with pytest.raises(ConfigError, match="cover 19 frames, the video has 20"):
        Supervision({}, disputed={"clip": np.ones(19, bool)}).disputed_in(video)


def test_disputed_frames_tell_trainings_apart(video):
    labels = {"clip": np.full(20, UNKNOWN, np.int8)}
    at_odds = np.arange(20) < 3

    def fingerprint(**disputed):
        return artifacts.fingerprint(
            artifacts.Config(),
            seed=0,
            device="cpu",
            videos=[video],
            supervision=Supervision(labels, disputed),
        )

    assert fingerprint(clip=at_odds) != fingerprint()
