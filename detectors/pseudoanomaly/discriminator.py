"""Semantic inconsistency: does a window look like a pseudo-anomaly? (Rai et al., section 3.3)

Layers of the paper's discriminator stand only in its supplement; here they are D-256-1 with ReLU and dropout.
Trained with the paper's SGD on normal windows (0) and pseudo-anomalies (1). Features are scaled to length 1: the pooled
bottleneck of the network of pictures, or those of a CLIP network on this machine.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from detectors.base import ConfigError, Meter, ProgressCallback
from detectors.features.clip_images import DIMENSION, ClipWindows
from detectors.pseudoanomaly.config import PseudoAnomalyConfig
from detectors.pseudoanomaly.network import ConvAutoencoder, computing
from detectors.pseudoanomaly.pairs import differs
from detectors.pseudoanomaly.rebuilding import Describe, of_bottleneck
from detectors.pseudoanomaly.training import Sampler

_CLIP_WEIGHTS = {"clip": "clip-vit-b16", "vificlip": "vificlip-vit-b16"}
_HIDDEN = 256
_PAIRS = 384
_BATCH, _EPOCHS = 16, 20
_RATE, _MOMENTUM, _DECAY = 0.02, 0.9, 1e-3


class Discriminator(nn.Module):
    """Says how likely features (B, D) are those of a pseudo-anomaly: logits (B,)."""

    def __init__(self, dimension: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(dimension, _HIDDEN), nn.ReLU(), nn.Dropout(0.5), nn.Linear(_HIDDEN, 1)
        )

    def forward(self, features: Tensor) -> Tensor:
        return self.layers(nn.functional.normalize(features, dim=1))[:, 0]

    @torch.inference_mode()
    def probabilities(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Compute omega_3 of windows, (k, D) -> (k,), 0 to 1."""
        device = next(self.parameters()).device
        return self(torch.from_numpy(features).to(device)).sigmoid().cpu().numpy()


def dimension(config: PseudoAnomalyConfig) -> int:
    """Say how many numbers describe a window."""
    return 2 * config.widths[3] if config.discriminator_features == "bottleneck" else DIMENSION


def clip_of(config: PseudoAnomalyConfig, *, device: torch.device) -> ClipWindows | None:
    """Give the CLIP network that the settings ask for, or None. Raises MissingWeights or BadWeights."""
    if not config.discriminator or config.discriminator_features == "bottleneck":
        return None
    return ClipWindows(_CLIP_WEIGHTS[config.discriminator_features], device=device)


def describing(clip: ClipWindows | None) -> Describe:
    """Give what describes windows to the discriminator."""
    return of_bottleneck if clip is None else lambda seen, bottleneck: clip.describe(seen)


def train(
    network: ConvAutoencoder,
    sampler: Sampler,
    config: PseudoAnomalyConfig,
    *,
    describe: Describe,
    seed: int,
    device: torch.device,
    progress: ProgressCallback,
) -> Discriminator:
    """Train a discriminator on descriptions of windows and pseudo-anomalies."""
    normal, pseudo = _features(network, sampler, config, describe=describe, device=device, progress=progress)
    features = torch.from_numpy(np.concatenate([normal, pseudo])).to(device)
    labels = torch.cat([torch.zeros(len(normal)), torch.ones(len(pseudo))]).to(device)
    with torch.random.fork_rng(devices=[] if device.type == "cpu" else [device]):
        torch.manual_seed(seed)
        found = Discriminator(features.shape[1]).to(device).train()
        optimiser = torch.optim.SGD(found.parameters(), lr=_RATE, momentum=_MOMENTUM, weight_decay=_DECAY)
        for _ in range(_EPOCHS):
            for chosen in torch.randperm(len(features)).split(_BATCH):
                loss = nn.functional.binary_cross_entropy_with_logits(found(features[chosen]), labels[chosen])
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
    return found.eval()


@torch.inference_mode()
def _features(
    network: ConvAutoencoder,
    sampler: Sampler,
    config: PseudoAnomalyConfig,
    *,
    describe: Describe,
    device: torch.device,
    progress: ProgressCallback,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    meter = Meter(progress, "discriminator", _PAIRS)
    sides: tuple[list[NDArray[np.float32]], list[NDArray[np.float32]]] = ([], [])
    for seen, normal in sampler.pseudo_pairs(_PAIRS):
        # What hardly differs would be called abnormal and is not.
        if differs(seen, normal):
            for side, window in zip(sides, (normal, seen), strict=True):
                batch = torch.from_numpy(window)[None].to(device)
                with computing(config, device):
                    bottleneck = network.encode(batch.contiguous(memory_format=torch.channels_last_3d))
                side.append(describe(batch, bottleneck.float()).cpu().numpy()[0])
        meter.advance()
    if not sides[0]:
        raise ConfigError(
            "No pseudo-anomaly could be made for the discriminator to learn from; turn discriminator off."
        )
    return np.stack(sides[0]), np.stack(sides[1])


def along(
    probabilities: NDArray[np.float32], starts: Sequence[int] | NDArray[np.int64], n_frames: int
) -> NDArray:
    """Give each frame the probability of the windows around it: (k,) -> (n_frames,)."""
    centres = np.asarray(starts) + 8
    return np.interp(np.arange(n_frames), centres, probabilities).astype(np.float32)
