"""The contract, for every detector of the catalogue."""

import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest

import detectors
from detectors.base import ConfigError
from detectors.video import Video, encode
from tests.detectors import check_detector as check
from tests.detectors import footage
from tests.detectors.video import clips

RACE = range(40, 60)


@pytest.fixture(scope="module", params=detectors.names())
def name(request):
    return request.param


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("footage")


@pytest.fixture(scope="module")
def usual(folder):
    return [
        footage.write(
            folder, f"usual-{seed}", footage.scene(80, seed=seed), people=footage.people(80, seed=seed)
        )
        for seed in (1, 2)
    ]


@pytest.fixture(scope="module")
def planted(folder):
    return footage.write(
        folder,
        "planted",
        footage.scene(100, seed=3, race=RACE),
        people=footage.people(100, seed=3, race=RACE),
    )


@pytest.fixture(scope="module")
def fitted(name, usual):
    return check.make(name).fit(usual)


def test_scores_before_fit_are_refused(name, planted, tmp_path):
    check.check_not_fitted(name, planted, tmp_path)


def test_a_saved_model_scores_as_before(fitted, planted, tmp_path):
    check.check_round_trip(fitted, planted, tmp_path)


def test_the_same_seed_gives_the_same_numbers(name, fitted, usual, planted):
    check.assert_same(check.make(name).fit(usual).score(planted), fitted.score(planted))


def test_another_seed_gives_other_numbers(name, fitted, usual, planted):
    other = check.make(name, seed=1).fit(usual).score(planted).frames

    assert not np.array_equal(other, fitted.score(planted).frames)


def test_a_report_can_cancel(name, planted):
    check.check_cancel(name, planted)


def test_training_goes_on_after_a_stop_as_if_nothing_had_happened(name, usual, tmp_path):
    check.check_resume(name, usual, tmp_path)


def test_progress_grows_to_its_total(name, usual):
    check.check_progress(name, usual)


def test_a_planted_anomaly_outranks_the_rest(fitted, planted):
    check.check_planted(fitted, planted, RACE)


def test_every_part_of_the_scores_fits_the_video(fitted, planted):
    check.check_shapes(fitted.score(planted), planted)


@pytest.mark.parametrize("n_frames", [1, 2, 5, 17])
def test_short_videos_get_a_score_for_every_frame(fitted, tmp_path, n_frames):
    video = footage.write(
        tmp_path, "short", footage.scene(n_frames, seed=4), people=footage.people(n_frames, seed=4)
    )

    check.check_shapes(fitted.score(video), video)


def test_a_black_video_is_scored(fitted, tmp_path):
    video = footage.write(tmp_path, "black", np.zeros((40, 96, 128, 3), np.uint8))

    check.check_shapes(fitted.score(video), video)


def test_a_video_of_another_size_is_scored(fitted, tmp_path):
    path = tmp_path / "small.mp4"
    encode(path, [picture[::4, ::4] for picture in footage.scene(20, seed=5)], fps=Fraction(10))
    footage.write_people(path)

    check.check_shapes(fitted.score(Video(path)), Video(path))


def test_frames_at_uneven_times_are_scored(fitted, tmp_path):
    path = clips.write(
        tmp_path / "uneven.mp4", n_frames=40, ticks=clips.variable_ticks(40), time_base=Fraction(1, 1000)
    )
    footage.write_people(path)

    check.check_shapes(fitted.score(Video(path)), Video(path))


@pytest.mark.parametrize("kind", ["black", "one frame"])
def test_footage_without_motion_can_be_learned_from(name, tmp_path, kind):
    pictures = np.zeros((40, 96, 128, 3), np.uint8) if kind == "black" else footage.scene(1, seed=6)
    video = footage.write(tmp_path, "still", pictures)

    if name in check.NEEDS_PEOPLE:
        with pytest.raises(ConfigError, match="No person is visible"):
            check.make(name).fit([video])
        return
    check.check_shapes(check.make(name).fit([video]).score(video), video)


def test_footage_marked_abnormal_can_be_left_out(name, planted):
    check.check_supervision(name, planted)


def test_no_footage_is_refused(name):
    with pytest.raises(ConfigError, match="at least one video"):
        check.make(name).fit([])


def test_a_description_holds_what_the_run_form_needs(name):
    about = detectors.describe(name)

    assert set(about["presets"]) >= {"fast", "paper"}
    assert about["sees"]
    assert about["cannot_see"]
    for setting in about["schema"]["properties"].values():
        assert len(setting["description"]) > 20
    for preset in about["presets"].values():
        assert set(preset["config"]) == set(about["schema"]["properties"])


def test_a_whole_config_can_be_handed_over(name):
    for preset, about in detectors.describe(name)["presets"].items():
        made = detectors.create(name, preset=preset, seed=1, device="cpu", **about["config"])
        assert (made.seed, made.device) == (1, "cpu")


def test_descriptions_and_configs_need_no_torch(name):
    code = (
        "import sys, detectors\n"
        f"detectors.describe({name!r}); detectors.configure({name!r})\n"
        "sys.exit('torch' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
