"""Can a network tell pseudo-anomalies from usual footage that it has not seen? Asked without any label.

A sanity gate, and no more: it recognises a network that learned nothing, but the best of several by this figure
is not the best on real anomalies, so nothing is chosen by it.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from detectors.base import Meter
from detectors.metrics import frame_auc
from detectors.pseudoanomaly.config import PseudoAnomalyConfig
from detectors.pseudoanomaly.material import Stretch
from detectors.pseudoanomaly.network import computing
from detectors.pseudoanomaly.pairs import differs
from detectors.pseudoanomaly.training import Pairs

_WINDOWS = 96

TRIES = 4 * _WINDOWS
"""By how much a meter moves on."""


@torch.inference_mode()
def auc(
    network: nn.Module,
    stretches: list[Stretch],
    pairs: Pairs,
    config: PseudoAnomalyConfig,
    *,
    seed: int,
    device: torch.device,
    meter: Meter,
) -> float:
    """Compare held-out windows with pseudo-anomalies made from them, by their mean error: 1 is told apart.

    `meter` moves on by TRIES. Where no footage is held out, windows of all of it. NaN where no pseudo-anomaly can be made.
    """
    random = np.random.default_rng([seed, 2])
    held = any(len(stretch.starts(held_out=True)) for stretch in stretches)
    windows = [
        (i, int(start)) for i, stretch in enumerate(stretches) for start in stretch.starts(held_out=held)
    ]
    errors: list[float] = []
    labels: list[int] = []
    tried = 0
    while windows and tried < TRIES:
        if len(errors) >= 2 * _WINDOWS:
            break
        tried += 1
        meter.advance()
        index, start = windows[random.integers(len(windows))]
        made = pairs.pseudo(index, start, random=random, freely=True)
        if made is None or not differs(*made):
            continue
        for label, window in enumerate(reversed(made)):
            seen = torch.from_numpy(window)[None].to(device)
            with computing(config, device):
                output = network(seen.contiguous(memory_format=torch.channels_last_3d))
            errors.append(float((seen - output.float()).square().mean()))
            labels.append(label)
    meter.advance(TRIES - tried)
    found = frame_auc(np.array(errors), np.array(labels)) if errors else None
    return float("nan") if found is None else float(found)
