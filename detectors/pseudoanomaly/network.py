"""The 3D convolution-deconvolution autoencoder of both streams (Rai et al., implementation details).

It is MemAE's network (Gong et al. 2019) without the memory.
"""

from __future__ import annotations

from contextlib import AbstractContextManager

import torch
from torch import Tensor, nn

from detectors.pseudoanomaly.config import PseudoAnomalyConfig

WINDOW = 16
"""Frames that the network sees at once."""


class ConvAutoencoder(nn.Module):
    """Rebuilds a window through a bottleneck: (B, C, 16, H, W) -> the same, H and W multiples of 16.

    widths: channels of the four convolutions. All kernels are 3 x 3 x 3 with padding 1; the first convolution
    keeps the number of frames, every other layer halves (or doubles) frames, height and width.
    """

    def __init__(self, channels: int, widths: tuple[int, int, int, int], *, tanh: bool) -> None:
        super().__init__()
        a, b, c, d = widths
        self.encoder = nn.Sequential(
            _down(channels, a, frames=1), _down(a, b, frames=2), _down(b, c, frames=2), _down(c, d, frames=2)
        )
        self.decoder = nn.Sequential(
            _up(d, c),
            _up(c, b),
            _up(b, a),
            nn.ConvTranspose3d(a, channels, 3, stride=(1, 2, 2), padding=1, output_padding=(0, 1, 1)),
            nn.Tanh() if tanh else nn.Identity(),
        )

    def encode(self, window: Tensor) -> Tensor:
        """Compute the bottleneck: (B, widths[3], 2, H / 16, W / 16)."""
        return self.encoder(window)

    def forward(self, window: Tensor) -> Tensor:
        return self.decoder(self.encode(window))


def pattern(bottleneck: Tensor) -> Tensor:
    """Describe each window by mean and deviation of each bottleneck channel: (B, D, ...) -> (B, 2 D)."""
    flat = bottleneck.flatten(2)  # (B, D, T' * H' * W')
    return torch.cat([flat.mean(2), flat.std(2)], dim=1)


def computing(config: PseudoAnomalyConfig, device: torch.device) -> AbstractContextManager[None]:
    """Compute with the numbers that the settings ask for: bfloat16 where `auto` finds that it is faster."""
    if config.precision == "auto":
        if device.type == "cuda":
            fast = torch.cuda.is_bf16_supported(including_emulation=False)
        else:
            fast = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    else:
        fast = config.precision == "bfloat16"
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=fast)


def _down(channels: int, width: int, *, frames: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv3d(channels, width, 3, stride=(frames, 2, 2), padding=1),
        nn.BatchNorm3d(width),
        nn.LeakyReLU(0.2, inplace=True),
    )


def _up(channels: int, width: int) -> nn.Sequential:
    return nn.Sequential(
        nn.ConvTranspose3d(channels, width, 3, stride=2, padding=1, output_padding=1),
        nn.BatchNorm3d(width),
        nn.LeakyReLU(0.2, inplace=True),
    )
