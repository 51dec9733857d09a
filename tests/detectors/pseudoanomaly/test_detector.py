"""The detector as a whole, in the ways that the contract's test does not go."""

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

import detectors
from detectors import weights
from detectors.base import Cancelled, ConfigError, Meter, MissingWeights, ignore
from detectors.features import clip_images
from detectors.pseudoanomaly import discriminator, gate, rebuilding
from detectors.pseudoanomaly.material import Stretch
from detectors.pseudoanomaly.network import ConvAutoencoder
from detectors.pseudoanomaly.pairs import MotionPairs
from tests.detectors import check_detector as check
from tests.detectors import footage

TINY = {"size": 32, "widths": (4, 4, 4, 4), "epochs": 1, "min_steps": 4, "training_stride": 8}


@pytest.fixture(scope="module")
def usual(tmp_path_factory):
    return footage.write(tmp_path_factory.mktemp("usual"), "usual", footage.scene(60, seed=1))


def make(**changes):
    return detectors.create("pseudoanomaly", device="cpu", **{**TINY, **changes})


BOTH = {
    "streams": "both",
    "motion_pseudo_anomalies": ("skip", "mix", "patch"),
    "appearance_pseudo_anomalies": ("fill", "skip", "patch"),
    "discriminator": True,
    "recompute_norms": True,
}


@pytest.mark.parametrize(
    "changes",
    [
        BOTH,
        {"streams": "appearance", "appearance_colour": "rgb", "masks": "irregular"},
        {"score": "benchmark"},
    ],
)
def test_every_stream_comes_back_from_its_file(changes, usual, tmp_path):
    fitted = make(**changes).fit([usual])

    check.check_round_trip(fitted, usual, tmp_path)
    check.check_shapes(fitted.score(usual), usual)


def test_all_indicators_are_tracks(usual):
    tracks = make(**BOTH).fit([usual]).score(usual).tracks

    assert set(tracks) == {
        "unexpected_motion",
        "faster_than_expected",
        "motion_error",
        "motion_mean",
        "motion_strongest_cell",
        "motion_time_mean_16",
        "appearance_error",
        "unexpected_appearance",
        "lingering",
        "semantic_inconsistency",
    }


def test_training_begins_with_the_weights_of_another_model(usual, tmp_path):
    before = make().fit([usual])
    before.save(tmp_path)
    started = make(learning_rate=1e-12, gate=0.0).fit([usual], warm_start=tmp_path)

    for name, weight in before.networks_.named_parameters():
        torch.testing.assert_close(dict(started.networks_.named_parameters())[name], weight)


def test_a_model_with_another_network_is_no_beginning(usual, tmp_path):
    make().fit([usual]).save(tmp_path)

    with pytest.raises(ConfigError, match="other networks"):
        make(widths=(4, 4, 4, 8)).fit([usual], warm_start=tmp_path)


def test_a_checkpoint_from_another_beginning_is_not_gone_on_from(usual, tmp_path):
    make().fit([usual]).save(tmp_path / "model")
    make(epochs=2).fit([usual], checkpoint=tmp_path / "checkpoint")
    seen = []
    make(epochs=2).fit(
        [usual], checkpoint=tmp_path / "checkpoint", warm_start=tmp_path / "model", progress=seen.append
    )

    steps = [progress for progress in seen if progress.phase == "training"]
    assert len(steps) == steps[-1].total


def test_a_cut_neither_scores_high_nor_joins_two_scenes(tmp_path, usual):
    other = 255 - footage.scene(60, seed=2)
    video = footage.write(tmp_path, "cut", np.concatenate([footage.scene(60, seed=1), other]))
    scores = make(min_steps=100).fit([usual, footage.write(tmp_path, "other", other)]).score(video)

    assert scores.notes == ("The scene is cut at frame 60; motion across a cut was not judged.",)
    around, elsewhere = scores.frames[52:68], np.r_[scores.frames[:50], scores.frames[70:]]
    assert around.max() <= elsewhere.max() + np.ptp(elsewhere)


def test_footage_without_things_says_that_strokes_were_used(tmp_path):
    still = footage.write(tmp_path, "still", np.full((40, 96, 128, 3), 90, np.uint8))
    scores = make(streams="appearance").fit([still]).score(still)

    assert any("irregular strokes" in note for note in scores.notes)


def test_a_missing_inpainter_stops_before_any_work(usual, tmp_path, monkeypatch):
    monkeypatch.setenv("VADREVIEW_WEIGHTS", str(tmp_path))

    def never(progress):
        raise AssertionError("work began")

    with pytest.raises(detectors.base.MissingWeights, match="inpainter"):
        make(streams="both", appearance_pseudo_anomalies=("inpainted",), inpainter="ldm").fit(
            [usual], progress=never
        )


def test_inpainting_can_be_cancelled(usual, monkeypatch):
    class Slow:
        fingerprint = "slow"

        def fill(self, pictures, holes, *, seed):
            return pictures

    monkeypatch.setattr("detectors.pseudoanomaly.inpainting.make", lambda config, device: Slow())

    def stop(progress):
        if progress.phase == "inpainting":
            raise Cancelled

    with pytest.raises(Cancelled):
        make(streams="both", appearance_pseudo_anomalies=("inpainted",), inpainter="ldm").fit(
            [usual], progress=stop
        )


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"discriminator": True}, "needs pictures"),
        ({"score": "appearance"}, "needs its network"),
        ({"streams": "appearance", "score": "faster"}, "needs its network"),
        ({"widths": (1, 4, 4, 4)}, "widths must lie"),
        ({"skip_strides": (1,)}, "skip_strides must lie"),
        ({"size": 100}, "32, 64, 128 or 256"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(changes, reason):
    with pytest.raises(ConfigError, match=reason):
        make(**changes)


def test_a_gate_of_zero_asks_nothing(usual):
    seen = []
    fitted = make(gate=0.0).fit([usual], progress=seen.append)

    assert fitted.calibration_.gates == {}
    assert "checking" not in {progress.phase for progress in seen}


class Fixed(torch.nn.Module):
    """Rebuilds still motion, whatever it sees."""

    def forward(self, window):
        return torch.zeros_like(window)


def moving(n_frames=600):
    fields = np.full((n_frames, 3, 32, 32), 0.5, np.float16)
    held_out = np.arange(n_frames) >= n_frames - 128
    return Stretch(np.full(n_frames, -1, np.int8), held_out, fields)


def asked(network):
    config = detectors.configure("pseudoanomaly", size=32)
    stretches = [moving()]
    pairs = MotionPairs(stretches, config, scale=1.0)
    meter = Meter(ignore, "checking", gate.TRIES)
    return gate.auc(network, stretches, pairs, config, seed=0, device=torch.device("cpu"), meter=meter)


def test_the_gate_recognises_a_network_that_rebuilds_only_what_is_usual():
    assert asked(Fixed()) == 1.0


def test_the_gate_recognises_a_network_that_rebuilds_everything():
    assert asked(torch.nn.Identity()) == 0.5


def test_the_discriminator_learns_to_tell_windows_from_pseudo_anomalies():
    class Pairs:
        def pseudo_pairs(self, count):
            random = np.random.default_rng(0)
            for _ in range(60):
                normal = random.normal(0, 0.1, (3, 16, 16, 16)).astype(np.float32)
                yield normal + 1, normal

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)  # of what random weights make of the windows, not all can be told apart
        network = ConvAutoencoder(3, (4, 4, 4, 8), tanh=False).eval()
    found = discriminator.train(
        network,
        Pairs(),
        detectors.configure("pseudoanomaly"),
        describe=rebuilding.of_bottleneck,
        seed=0,
        device=torch.device("cpu"),
        progress=lambda progress: None,
    )
    normal, pseudo = discriminator._features(
        network,
        Pairs(),
        detectors.configure("pseudoanomaly"),
        describe=rebuilding.of_bottleneck,
        device=torch.device("cpu"),
        progress=lambda progress: None,
    )

    assert found.probabilities(normal).max() < found.probabilities(pseudo).min()


def test_a_window_speaks_for_the_frames_around_its_centre():
    along = discriminator.along(np.float32([0.0, 1.0]), np.array([-6, 10]), 40)

    assert along[2] == 0
    assert along[10] == pytest.approx(0.5)
    assert (along[18:] == 1).all()


CLIP = {"streams": "appearance", "discriminator": True, "discriminator_features": "clip"}


@pytest.fixture
def clip_weights(tmp_path, monkeypatch):
    """A folder with random weights of a small network in CLIP's layout."""

    def tiny():
        return clip_images.ImageTransformer(patch=112, width=8, layers=1, heads=2)

    recipe = clip_images.RECIPES["clip-vit-b16"]
    small = clip_images.Recipe(tiny, recipe.mean, recipe.deviation, recipe.resized, recipe.whole)
    monkeypatch.setitem(clip_images.RECIPES, "clip-vit-b16", small)
    monkeypatch.setattr(discriminator, "_PAIRS", 12)
    monkeypatch.setenv(weights.FOLDER_VARIABLE, str(tmp_path / "weights"))
    (tmp_path / "weights").mkdir()
    return tmp_path / "weights" / "clip-vit-b16.safetensors"


def random_clip(seed):
    torch.manual_seed(seed)
    network = clip_images.RECIPES["clip-vit-b16"].make()
    return {key: torch.randn(value.shape) for key, value in network.state_dict().items()}


def test_the_discriminator_can_see_by_clip(clip_weights, usual, tmp_path):
    save_file(random_clip(0), clip_weights)
    fitted = make(**CLIP).fit([usual])

    check.check_round_trip(fitted, usual, tmp_path)
    assert fitted.discriminator_.layers[0].in_features == 512

    save_file(random_clip(1), clip_weights)
    with pytest.raises(ConfigError, match="other weights of clip"):
        fitted.score(usual)


def test_clip_without_its_weights_is_refused_before_any_work(clip_weights, usual):
    def nothing(progress):
        raise AssertionError("work began")

    with pytest.raises(MissingWeights, match="clip-vit-b16"):
        make(**CLIP).fit([usual], progress=nothing)
