"""Equal to the released code: forward, inverse, step by step, training, and from JSON to AUC."""

import json

import numpy as np
import pytest
import torch

import detectors.stgnf
from detectors.pose import alphapose
from detectors.pose.people import PosedPerson
from detectors.stgnf import reference
from detectors.stgnf.config import StgNfConfig
from detectors.stgnf.network import Architecture, StgNfNetwork, from_planes, to_planes
from detectors.stgnf.segments import Cut, mirrored, segments_of
from tests.detectors.stgnf import parity

pytestmark = parity.NEEDS_VECTORS

TAGS = ("ShanghaiTech", "ShanghaiTech_HR")


@pytest.fixture(scope="module", params=parity.models())
def released(request):
    detector = detectors.stgnf.from_reference(parity.weights(request.param), device="cpu")
    return detector, parity.vectors(f"parity_{request.param}")


def test_likelihoods_are_those_of_the_released_model(released):
    detector, want = released

    np.testing.assert_allclose(detector.log_likelihood(want["x"]), want["score"], atol=2e-4)
    np.testing.assert_allclose(-detector.log_likelihood(want["x"]), want["nll_bpd64"], atol=1e-4)


def test_every_step_is_that_of_the_released_model(released):
    detector, want = released
    planes, logdet = to_planes(torch.from_numpy(want["x"])), torch.zeros(len(want["x"]))

    with torch.no_grad():
        for step, z, upto in zip(
            detector.network_.flow.layers, want["step_z"], want["step_logdet"], strict=True
        ):
            planes, change = step(planes, track=False)
            logdet = logdet + change
            np.testing.assert_allclose(from_planes(planes).numpy(), z, atol=1e-3)
            np.testing.assert_allclose(logdet.numpy(), upto, atol=0.05)  # nats, 2e-4 bits per dimension


def test_other_priors_give_what_they_give_there(released):
    detector, want = released
    network, x = detector.network_, to_planes(torch.from_numpy(want["x"]))

    with torch.no_grad():
        abnormal = network.bits(x, means=-network.prior_mean)
        zero = network.bits(x, means=torch.zeros(len(want["x"])))

    np.testing.assert_allclose(abnormal.numpy(), want["nll_bpd_abnormal_prior"], atol=2e-4)
    np.testing.assert_allclose(zero.numpy(), want["nll_bpd_zero_prior"], atol=2e-4)


def test_latent_poses_turn_back_into_poses(released):
    detector, want = released
    network = detector.network_

    back = from_planes(network.decode(to_planes(torch.from_numpy(want["z"]))))
    mode = from_planes(
        network.decode(to_planes(torch.full_like(torch.from_numpy(want["mode_x"]), network.prior_mean)))
    )

    np.testing.assert_allclose(back.numpy(), want["x_recon"], atol=1e-3)
    np.testing.assert_allclose(mode.numpy(), want["mode_x"], atol=1e-3)


def test_poses_in_pixels_become_the_networks_input(released):
    detector, want = released
    length = detector.config.segment_length
    people = [
        PosedPerson(i, np.arange(length), np.zeros((length, 4), np.float32), pose.astype(np.float32))
        for i, pose in enumerate(want["raw17"])
    ]

    found = np.concatenate([part.planes.transpose(2, 0, 3, 1) for part in segments_of(people, Cut(length))])

    np.testing.assert_allclose(found, want["x"], atol=2e-5)


@pytest.mark.parametrize("kind", ["unsup", "sup", "invconv"])
def test_training_goes_as_in_the_released_code(kind):
    """Losses, gradients, weights and running moments over four steps, in float64."""
    want = parity.vectors("train_parity_T16")
    shape = Architecture.released(16, 8, permutation="learned" if kind == "invconv" else "swap")
    network = StgNfNetwork(shape, prior_mean=3.0).double()
    network.load_state_dict(under(want, f"{kind}/init/"))
    planes, label = to_planes(torch.from_numpy(want["x"])), torch.from_numpy(want[f"{kind}/label"])
    means = torch.where(label == 1, network.prior_mean, -network.prior_mean).double()
    optimiser = torch.optim.Adamax(network.parameters(), lr=5e-4)

    network.train().start(planes)
    for step in range(4):
        bits = network.bits(planes, means=means)
        np.testing.assert_allclose(bits.detach().numpy(), want[f"{kind}/nll_per_step"][step], atol=1e-6)
        optimiser.zero_grad()
        bits.mean().backward()
        if step == 0:
            for name, parameter in network.named_parameters():
                grad = want[f"{kind}/grad0/{name}"]
                found = np.zeros_like(grad) if parameter.grad is None else parameter.grad.numpy()
                np.testing.assert_allclose(found, grad, atol=1e-6, rtol=1e-6, err_msg=name)
        torch.nn.utils.clip_grad_norm_(network.parameters(), 100)
        optimiser.step()
        if step in (0, 3):
            now = network.state_dict()
            for name, value in under(want, f"{kind}/after{step + 1}/").items():
                # a bias before a batch norm has no gradient but rounding, which Adamax blows up
                np.testing.assert_allclose(now[name].numpy(), value.numpy(), atol=2e-5, err_msg=name)
    network.eval()
    with torch.no_grad():
        np.testing.assert_allclose(
            network.bits(planes, means=network.prior_mean).numpy(),
            want[f"{kind}/eval_nll_after4"],
            atol=1e-6,
        )


def under(arrays, prefix):
    return {
        name.removeprefix(prefix): torch.from_numpy(np.asarray(value))
        for name, value in arrays.items()
        if name.startswith(prefix)
    }


@pytest.fixture(scope="module")
def pipeline():
    want = parity.vectors("pipeline_parity")
    clips = {name: alphapose.from_json(clip) for name, clip in json.loads(str(want["json"])).items()}
    return want, dict(sorted(clips.items()))


@pytest.mark.parametrize(
    ("which", "cut"),
    [
        ("ShanghaiTech", Cut(24, released=True)),
        ("train", Cut(24, 6, released=True)),
        ("train_conf2.52", Cut(24, 6, released=True, confidence=2.52)),
    ],
)
def test_tracks_are_cut_where_the_released_code_cuts_them(pipeline, which, cut):
    want, clips = pipeline

    found = [
        (*map(int, name.split("_")), people[person].track, start)
        for name, people in clips.items()
        for part in segments_of(people, cut)
        for person, start in zip(part.person, part.starts, strict=True)
    ]

    np.testing.assert_array_equal(found, want[f"{which}/meta"])


def test_training_items_are_those_of_the_released_code(pipeline):
    want, clips = pipeline

    parts = [
        part.planes for people in clips.values() for part in segments_of(people, Cut(24, 6, released=True))
    ]
    planes = np.concatenate(parts, axis=2)
    found = np.concatenate([planes, mirrored(planes)], axis=2).transpose(2, 0, 3, 1)

    np.testing.assert_allclose(found, want["train/items_first_n_then_flipped"][:, :2], atol=1e-5)


class Known:
    """Gives the known scores of segments in the order in which they are asked for."""

    def __init__(self, config, scores):
        self.config = config
        self._scores = scores
        self._place = 0

    def segment_scores(self, part):
        self._place += len(part)
        return self._scores[self._place - len(part) : self._place]


@pytest.mark.parametrize("tag", TAGS)
def test_scores_of_segments_become_curves_and_the_auc(pipeline, tag):
    want, clips = pipeline
    names = [name for name in clips if tag == TAGS[0] or name not in reference.NOT_IN_HR]
    kept = [f"{scene:02d}_{clip:04d}" in names for scene, clip, *_ in want[f"{TAGS[0]}/meta"]]
    lengths = dict(zip(names, want[f"{tag}/clip_len"].tolist(), strict=True))
    config = StgNfConfig()
    known = Known(config, want[f"{TAGS[0]}/seg_score"][kept])

    curves = reference.evaluate(known, {name: clips[name] for name in names}, lengths)

    np.testing.assert_allclose(
        np.concatenate(list(curves.smooth.values())), want[f"{tag}/frame_smooth"], atol=1e-9
    )
    np.testing.assert_allclose(np.concatenate(list(curves.filled.values())), want[f"{tag}/frame_raw"])
    normal = np.split(want[f"{tag}/gt"], np.cumsum(want[f"{tag}/clip_len"])[:-1])
    auc = curves.auc({name: labels == 0 for name, labels in zip(names, normal, strict=True)})
    assert auc == pytest.approx(float(want[f"{tag}/auc"]), abs=1e-9)


@pytest.mark.parametrize("tag", TAGS)
def test_the_whole_way_from_json_to_auc(pipeline, tag):
    """Needs the released ShanghaiTech weights."""
    if "ShanghaiTech_85_9" not in parity.models():
        pytest.skip("the ShanghaiTech weights are not beside the repository")
    want, clips = pipeline
    names = [name for name in clips if tag == TAGS[0] or name not in reference.NOT_IN_HR]
    lengths = dict(zip(names, want[f"{tag}/clip_len"].tolist(), strict=True))
    detector = detectors.stgnf.from_reference(parity.weights("ShanghaiTech_85_9"), device="cpu")

    curves = reference.evaluate(detector, {name: clips[name] for name in names}, lengths)

    np.testing.assert_allclose(
        np.concatenate(list(curves.smooth.values())), want[f"{tag}/frame_smooth"], atol=1e-3
    )
