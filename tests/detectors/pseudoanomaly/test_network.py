"""The autoencoder: its table of layers, and its numbers."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from detectors.pseudoanomaly.network import ConvAutoencoder, pattern

PAPER_WIDTHS = (96, 128, 256, 256)
SHARED = Path(os.environ.get("VADREVIEW_SHARED", Path(__file__).parents[4] / "shared"))
VECTORS = SHARED / "data" / "parity" / "pa_parity.npz"


@pytest.mark.parametrize(("channels", "parameters"), [(1, 5_980_801), (2, 5_985_986), (3, 5_991_171)])
def test_the_paper_widths_have_the_parameters_of_the_reference(channels, parameters):
    network = ConvAutoencoder(channels, PAPER_WIDTHS, tanh=True)

    assert sum(p.numel() for p in network.parameters()) == parameters


def test_the_layers_have_the_shapes_of_the_table():
    network = ConvAutoencoder(3, (4, 5, 6, 7), tanh=True).eval()
    shapes = []
    for layer in [*network.encoder, *network.decoder]:
        layer.register_forward_hook(lambda _, __, output: shapes.append(tuple(output.shape[1:])))
    with torch.inference_mode():
        network(torch.zeros(1, 3, 16, 32, 48))

    assert shapes == [
        (4, 16, 16, 24),
        (5, 8, 8, 12),
        (6, 4, 4, 6),
        (7, 2, 2, 3),
        (6, 4, 4, 6),
        (5, 8, 8, 12),
        (4, 16, 16, 24),
        (3, 16, 32, 48),
        (3, 16, 32, 48),
    ]


def test_every_convolution_but_the_last_is_normalised_and_leaky():
    network = ConvAutoencoder(3, (4, 4, 4, 4), tanh=False)

    assert sum(isinstance(m, nn.BatchNorm3d) for m in network.modules()) == 7
    assert [m.negative_slope for m in network.modules() if isinstance(m, nn.LeakyReLU)] == [0.2] * 7
    transposed = [m for m in network.modules() if isinstance(m, nn.ConvTranspose3d)]
    assert [m.output_padding for m in transposed] == [(1, 1, 1)] * 3 + [(0, 1, 1)]


@pytest.mark.parametrize("tanh", [True, False])
def test_only_tanh_bounds_the_output(tanh):
    network = ConvAutoencoder(3, (4, 4, 4, 4), tanh=tanh).eval()
    nn.init.constant_(network.decoder[3].bias, 5.0)
    with torch.inference_mode():
        output = network(torch.zeros(1, 3, 16, 32, 32))

    assert (output.max() <= 1) == tanh


@pytest.mark.parametrize(
    "frames", [slice(8, 9), slice(7, 9), slice(6, 10), slice(4, 12), slice(0, 16), slice(0, 1), slice(15, 16)]
)
def test_some_frames_are_rebuilt_as_they_are_among_all(frames):
    torch.manual_seed(0)
    network = ConvAutoencoder(2, (4, 5, 6, 7), tanh=True).eval()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm3d):
            nn.init.normal_(module.running_mean)
            nn.init.uniform_(module.running_var, 0.5, 2.0)
    window = torch.randn(2, 2, 16, 32, 32)
    with torch.inference_mode():
        whole = network(window)
        some = network.decode(network.encode(window), frames)

    torch.testing.assert_close(some, whole[:, :, frames], atol=1e-6, rtol=1e-5)


def test_a_pattern_is_mean_and_deviation_of_each_channel():
    bottleneck = torch.randn(3, 4, 2, 2, 2, generator=torch.Generator().manual_seed(0))
    flat = bottleneck.numpy().reshape(3, 4, 8)

    expected = np.concatenate([flat.mean(2), flat.std(2, ddof=1)], axis=1)
    np.testing.assert_allclose(pattern(bottleneck), expected, rtol=1e-5)


def closed_form(network):
    """The weights that the reference vectors were made with: sines by position, scaled by fan-in."""
    layers = dict(network.named_modules())
    for k, (name, parameter) in enumerate(network.named_parameters()):
        i, shape = np.arange(parameter.numel(), dtype=np.float64), tuple(parameter.shape)
        module = layers[name.rpartition(".")[0]]
        if parameter.dim() > 1:
            fan = shape[0] * 27 / 4 if isinstance(module, nn.ConvTranspose3d) else np.prod(shape[1:])
            values = np.sin(0.7310 * i + k) / np.sqrt(fan)
        elif name.endswith("weight"):
            values = 1 + 0.1 * np.cos(i + k)
        else:
            values = 0.05 * np.sin(0.37 * i + k)
        parameter.data = torch.from_numpy(values.astype(np.float32)).reshape(shape)
    return network


@pytest.mark.skipif(not VECTORS.exists(), reason="the reference vectors are not beside the repository")
@pytest.mark.footage
def test_outputs_equal_those_of_the_reference():
    vectors = np.load(VECTORS, allow_pickle=False)
    network = closed_form(ConvAutoencoder(3, PAPER_WIDTHS, tanh=True)).eval()
    window = torch.from_numpy(vectors["ae_fwd_input"])
    with torch.inference_mode():
        bottleneck, output = network.encode(window), network(window)
        in_training = network.train()(window)

    np.testing.assert_allclose(bottleneck, vectors["ae_fwd_bottleneck_eval"], atol=1e-5)
    np.testing.assert_allclose(output, vectors["ae_fwd_output_eval"], atol=1e-6)
    np.testing.assert_allclose(in_training, vectors["ae_fwd_output_train_bn"], atol=2e-4)
