"""Rebuild every frame of a stream once, from the centre of a window.

Frames are rebuilt by windows of 16 that start `scoring_stride` frames apart; each window gives its central
frames (its 9th at stride 1, as in the paper). At the ends of a shot the windows go on backwards (reflection).
Everything is a stream: memory does not grow with the length of a video, except by what is returned.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from detectors.pseudoanomaly.config import PseudoAnomalyConfig
from detectors.pseudoanomaly.network import WINDOW, ConvAutoencoder, computing, pattern
from detectors.windows import reflected

Floats = NDArray[np.float32]

CELLS = 31
"""Cells along each side: each covers 1/16 of the frame and overlaps its neighbours by half."""

REGION = (1 / 64, 1 / 64, 63 / 64, 63 / 64)
"""What the cells cover: their centres lie 1/32 to 31/32 into the frame."""

_HISTORY = 4 * WINDOW  # frames that a window can still reach back to


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """Frames of a stream and what became of them, in network units.

    cells: (n, K, CELLS, CELLS), K things that the stream measures in each cell. error: (n,), mean squared error.
    mean: (n,), mean of the last channel of what was seen. patterns: (k, D), of each window whose central frames
    begin at a multiple of 16. starts: (k,), from the first frame of the shot.
    """

    cells: Floats
    error: Floats
    mean: Floats
    patterns: Floats
    starts: NDArray[np.int64]


Look = Callable[[Tensor, Tensor], Tensor]
"""What a stream measures: from what was seen and what was rebuilt, (B, C, n, S, S) both, to (B, K, n, S, S)."""


Describe = Callable[[Tensor, Tensor], Tensor]
"""From windows (B, C, 16, S, S) and what the encoder of the network made of them to their patterns (B, D)."""


def of_bottleneck(seen: Tensor, bottleneck: Tensor) -> Tensor:
    """Describe windows by their bottleneck alone."""
    return pattern(bottleneck)


@torch.inference_mode()
def rebuild(
    network: ConvAutoencoder,
    pieces: Iterable[NDArray],
    n_frames: int,
    *,
    units: Callable[[Tensor], Tensor],
    look: Look,
    config: PseudoAnomalyConfig,
    device: torch.device,
    describe: Describe = of_bottleneck,
) -> Iterator[Rebuilt]:
    """Rebuild a shot that comes in pieces (n, C, S, S); frames leave in order.

    units: brings float windows to the units of the network. describe: makes the patterns of windows.
    """
    stride = config.scoring_stride
    lead = leading(stride)
    held: NDArray | None = None
    available = done = 0  # the frame after held[-1]; the next frame to leave
    for piece in pieces:
        held = piece if held is None else np.concatenate([held[-_HISTORY:], piece])
        available += len(piece)
        # As few as memory asks for, but two: torch has slow convolutions for a single window.
        at_once = 16 if device.type == "cuda" else max(2, 16 * 64**2 // piece.shape[-1] ** 2)
        while done < n_frames:
            firsts = np.arange(done, min(n_frames, done + stride * at_once), stride)
            chosen = reflected(firsts[:, None] - lead + np.arange(WINDOW), n_frames)  # (B, 16)
            chosen = chosen[chosen.max(1) < available]
            firsts = firsts[: len(chosen)]
            if not len(chosen):
                break
            windows = held[chosen - (available - len(held))]  # (B, 16, C, S, S)
            seen = units(torch.from_numpy(windows).to(device).float().transpose(1, 2))
            count = min(len(firsts) * stride, n_frames - done)
            with computing(config, device):
                bottleneck = network.encode(seen.contiguous(memory_format=torch.channels_last_3d))
                output = network.decode(bottleneck, slice(lead, lead + stride)).float()
            kept = torch.from_numpy(firsts % WINDOW == 0).to(device)
            patterns = describe(seen[kept], bottleneck[kept].float())
            yield _frames(seen, output, patterns, look, firsts=firsts, count=count, stride=stride)
            done += count


def leading(stride: int) -> int:
    """Say how many frames of a window come before its central ones."""
    return (WINDOW - stride + 1) // 2


def _frames(
    seen: Tensor,
    output: Tensor,
    patterns: Tensor,
    look: Look,
    *,
    firsts: NDArray[np.int64],
    count: int,
    stride: int,
) -> Rebuilt:
    lead = leading(stride)
    centre = slice(lead, lead + stride)
    actual = seen[:, :, centre]  # (B, C, stride, S, S)
    maps = look(actual, output).transpose(1, 2)  # (B, stride, K, S, S)
    half = maps.shape[-1] // 32
    cells = functional.avg_pool2d(maps.flatten(0, 1), 2 * half, stride=half)  # (B * stride, K, 31, 31)
    return Rebuilt(
        cells=cells[:count].cpu().numpy(),
        error=(actual - output).square().mean((1, 3, 4)).flatten()[:count].cpu().numpy(),
        mean=actual[:, -1].mean((2, 3)).flatten()[:count].cpu().numpy(),
        patterns=patterns.cpu().numpy(),
        starts=firsts[firsts % WINDOW == 0] - lead,
    )
