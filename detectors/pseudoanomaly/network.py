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

    def decode(self, bottleneck: Tensor, frames: slice) -> Tensor:
        """Rebuild only some of the 16 frames: the same as the slice of all of them, in less time.

        Each layer computes the frames that the next one needs. For evaluation only: in training, the norms
        have to see all frames.
        """
        layers = list(self.decoder)
        needed = [(frames.start, frames.stop)]
        for layer, total in zip(layers[3::-1], (16, 8, 4, 2), strict=True):
            needed.append(_needed(*needed[-1], doubles=_doubles(layer), total=total))
        needed.reverse()  # of the input of each layer, and of the output of the last
        x = bottleneck
        held = 0  # number of the first frame in x
        for layer, (start, stop), (first, last) in zip(layers[:4], needed[:-1], needed[1:], strict=True):
            x = layer(x[:, :, start - held : stop - held])
            held = 2 * start if _doubles(layer) else start
            x, held = x[:, :, first - held : last - held], first
        return layers[4](x)


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


def _doubles(layer: nn.Module) -> bool:
    """Say whether a layer of the decoder doubles the number of frames; only the last does not."""
    return isinstance(layer, nn.Sequential)


def _needed(first: int, last: int, *, doubles: bool, total: int) -> tuple[int, int]:
    """Find the input frames, of `total`, that the output frames [first, last) of a layer depend on.

    With kernel 3 and padding 1, output t of a layer that doubles sees input t / 2, or the two beside it; of the
    one that does not, t - 1 to t + 1.
    """
    if doubles:
        return first // 2, min(total, last // 2 + 1)
    return max(0, first - 1), min(total, last + 1)


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
