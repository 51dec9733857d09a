import copy

import numpy as np
import pytest
import torch
from torch import nn

from detectors.diffusion import averages

from .parity import NEEDS_VECTORS, vectors


@NEEDS_VECTORS
def test_the_average_warms_up_as_in_the_reference():
    reference = vectors()

    found = [averages.ema_decay(int(step)) for step in reference["sched_steps"]]

    np.testing.assert_allclose(found, reference["ema_decay"], rtol=1e-12, atol=1e-12)


@NEEDS_VECTORS
def test_the_learning_rate_goes_as_in_the_reference():
    reference = vectors()

    factors = [averages.inverse_lr(int(step)) for step in reference["sched_steps"]]
    rates = [2e-4 * averages.inverse_lr(step) for step in range(201)]

    np.testing.assert_allclose(factors, reference["lr_mult_inverse"], rtol=1e-12)
    np.testing.assert_allclose(rates, reference["lr_first_201_steps"], rtol=1e-12)


def test_the_first_update_copies_and_later_ones_average():
    model = nn.Linear(1, 1, bias=False)
    average = copy.deepcopy(model)
    values = []
    for step, weight in enumerate([2.0, 4.0]):
        nn.init.constant_(model.weight, weight)
        averages.update(average, model, decay=averages.ema_decay(step))
        values.append(average.weight.item())

    decay = 1 - 2**-0.6667
    assert values[0] == 2.0
    assert values[1] == pytest.approx(2 * decay + 4 * (1 - decay), rel=1e-6)


def test_running_statistics_are_copied_not_averaged():
    model = nn.BatchNorm1d(2)
    average = copy.deepcopy(model)
    model(torch.randn(8, 2, generator=torch.Generator().manual_seed(0)) + 5)

    averages.update(average, model, decay=0.9)

    assert torch.equal(average.running_mean, model.running_mean)
    assert average.num_batches_tracked == 1
