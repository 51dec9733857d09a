"""Checkpoints of others: read when they are what they should be, refused with a reason when not."""

import argparse
import os
from collections import OrderedDict

import numpy as np
import pytest
import torch

import detectors.stgnf
from detectors.base import ConfigError
from detectors.stgnf.network import Architecture, StgNfNetwork
from detectors.weights import BadWeights


def network(**changes):
    torch.manual_seed(0)
    made = StgNfNetwork(Architecture.released(**{"frames": 8, "steps": 3, **changes}), prior_mean=5.0)
    made.start(tuple(torch.randn(2, 18, 16, changes.get("frames", 8))))
    return made.eval()


def write_tar(path, weights, **more):
    """A checkpoint as the released code writes it."""
    torch.save(
        {"epoch": 8, "state_dict": OrderedDict(weights), "args": argparse.Namespace(K=3), **more}, path
    )
    return path


def write_npz(path, weights):
    np.savez(path, **{name: value.numpy() for name, value in weights.items()})
    return path


@pytest.fixture
def x():
    return np.random.default_rng(0).normal(size=(5, 2, 8, 18)).astype(np.float32)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"steps": 5},
        {"permutation": "learned"},
        {"hidden": 3},
        {"temporal_kernel": 3},
        {"frames": 12},
    ],
)
def test_the_network_follows_from_the_weights(tmp_path, changes):
    made = network(**changes)
    frames = made.architecture.frames
    x = torch.randn(4, 18, 2, frames).permute(2, 1, 0, 3)

    detector = detectors.stgnf.from_reference(write_tar(tmp_path / "a.tar", made.state_dict()), device="cpu")

    assert detector.network_.architecture == made.architecture
    assert detector.network_.prior_mean == 5.0
    with torch.no_grad():
        want = made.bits((x[0], x[1]), means=5.0)
    found = detector.log_likelihood(x.permute(2, 0, 3, 1).numpy())
    np.testing.assert_allclose(found, -want.numpy(), atol=1e-4)


def test_a_checkpoint_and_its_arrays_give_the_same(tmp_path, x):
    weights = network().state_dict()

    tar = detectors.stgnf.from_reference(write_tar(tmp_path / "a.tar", weights), device="cpu")
    npz = detectors.stgnf.from_reference(write_npz(tmp_path / "a.npz", weights), device="cpu")

    np.testing.assert_array_equal(tar.log_likelihood(x), npz.log_likelihood(x))


def test_a_released_model_can_be_saved_and_loaded(tmp_path, x):
    detector = detectors.stgnf.from_reference(
        write_tar(tmp_path / "a.tar", network().state_dict()), device="cpu"
    )

    detector.save(tmp_path / "model")
    loaded = type(detector).load(tmp_path / "model", device="cpu")

    np.testing.assert_array_equal(loaded.log_likelihood(x), detector.log_likelihood(x))


class Tampered:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


def test_a_checkpoint_that_would_run_code_is_refused(tmp_path):
    file = write_tar(tmp_path / "a.tar", network().state_dict(), optimizer=Tampered(tmp_path / "ran"))

    with pytest.raises(BadWeights, match=r"it asks for posix\.system"):
        detectors.stgnf.from_reference(file)
    assert not (tmp_path / "ran").exists()


def test_arrays_that_would_run_code_are_refused(tmp_path):
    np.savez(tmp_path / "a.npz", prior_h=np.array([Tampered(tmp_path / "ran")], dtype=object))

    with pytest.raises(ConfigError, match="of plain arrays"):
        detectors.stgnf.from_reference(tmp_path / "a.npz")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda w: w.pop("prior_h_normal"), "no prior_h_normal"),
        (lambda w: w.pop("flow.layers.1.actnorm.bias"), r"missing: flow\.layers\.1\.actnorm\.bias"),
        (lambda w: w.update({"flow.layers.0.edge_importance.0": torch.ones(1, 18, 18)}), "unknown: .*edge"),
        (lambda w: w.update({"flow.layers.2.actnorm.logs": torch.ones(1, 3, 1, 1)}), "of another shape"),
        (
            lambda w: w.update({"flow.layers.2.actnorm.logs": torch.full((1, 2, 1, 1), torch.nan)}),
            "not finite",
        ),
        (lambda w: w.update({"prior_h_normal": torch.ones(4, 8, 17)}), "17 joints"),
        (lambda w: w.update({"prior_h_normal": torch.rand(4, 8, 18)}), "its priors"),
        (lambda w: [w.pop(key) for key in list(w) if ".layers.1." in key], "not complete"),
    ],
)
def test_weights_of_something_else_are_refused_with_the_reason(tmp_path, change, message):
    weights = dict(network().state_dict())
    change(weights)

    with pytest.raises(ConfigError, match=message):
        detectors.stgnf.from_reference(write_tar(tmp_path / "a.tar", weights))


@pytest.mark.parametrize("name", ["a.tar", "a.npz"])
def test_a_file_that_is_no_checkpoint_is_refused(tmp_path, name):
    (tmp_path / name).write_bytes(b"hello, this is no checkpoint at all")

    with pytest.raises((BadWeights, ConfigError), match=name):
        detectors.stgnf.from_reference(tmp_path / name)


def test_a_missing_file_is_said_to_be_missing(tmp_path):
    with pytest.raises(ConfigError, match="no file gone"):
        detectors.stgnf.from_reference(tmp_path / "gone.tar")


def test_segments_of_another_shape_are_refused(tmp_path, x):
    detector = detectors.stgnf.from_reference(write_tar(tmp_path / "a.tar", network().state_dict()))

    with pytest.raises(ConfigError, match=r"shape \(N, 2, 8, 18\), got \(5, 2, 8, 17\)"):
        detector.log_likelihood(x[..., :17])
    with pytest.raises(ConfigError, match="not finite"):
        detector.log_likelihood(np.where(x > 2, np.nan, x).astype(np.float32))
