"""What describes a frame: C numbers for each of V nodes, the cells of a square grid in row-major order."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from detectors.base import Meter, ProgressCallback, Video
from detectors.diffvad.config import DiffVADConfig
from detectors.field_cache import FieldCache
from detectors.flow import FlowSettings, fields

Floats = NDArray[np.float32]

FIELD = 64
"""Cells along each side of the motion field: the same that the other detectors keep."""

_FRAMES_AT_ONCE = 64
_PICTURES = 2_000  # that the autoencoder learns from
_PICTURE_BATCH = 16
_WIDTHS = (16, 32, 64, 64)


class FrameEncoder(Protocol):
    """Describes frames; `learn` comes first, `restore` puts back what `arrays` gave."""

    channels: int

    def learn(
        self,
        spans: list[tuple[Video, int, int]],
        *,
        seed: int,
        device: torch.device,
        progress: ProgressCallback,
    ) -> None: ...

    def encode(
        self, video: Video, start: int, stop: int, *, cache: FieldCache | None, meter: Meter
    ) -> Iterator[Floats]:
        """Describe frames [start, stop) in pieces (n, C, V), in order."""
        ...

    def cells(self, values: Tensor) -> Tensor:
        """Lay values (..., C, V) out as a map (..., rows, columns)."""
        ...

    def module(self) -> nn.Module | None: ...


def make(config: DiffVADConfig) -> FrameEncoder:
    """Make the encoder of a config."""
    return MotionEncoder(config) if config.encoder == "motion" else PictureEncoder(config)


class MotionEncoder:
    """Mean speed of cells, in source pixels a frame; the cells of a node are its channels.

    On real footage the size of motion says most of what any description says, and directions only add noise.
    """

    def __init__(self, config: DiffVADConfig) -> None:
        self._cells, self._side = config.cells, config.nodes
        self.channels = (config.cells // config.nodes) ** 2
        self.flow = FlowSettings(grid=FIELD, preset=config.flow_preset, long_side=config.flow_long_side)

    def learn(
        self,
        spans: list[tuple[Video, int, int]],
        *,
        seed: int,
        device: torch.device,
        progress: ProgressCallback,
    ) -> None:
        """There is nothing to learn."""

    def encode(
        self, video: Video, start: int, stop: int, *, cache: FieldCache | None, meter: Meter
    ) -> Iterator[Floats]:
        cells, share = self._cells, FIELD // self._cells
        for _, piece in fields(video, self.flow, start=start, stop=stop, cache=cache, meter=meter):
            speed = piece[:, 2].astype(np.float32).reshape(-1, cells, share, cells, share).mean((2, 4))
            yield self._nodes(speed)

    def _nodes(self, maps: Floats) -> Floats:
        inner = self._cells // self._side
        split = maps.reshape(len(maps), self._side, inner, self._side, inner)
        return split.transpose(0, 2, 4, 1, 3).reshape(len(maps), self.channels, -1)

    def cells(self, values: Tensor) -> Tensor:
        inner, lead = self._cells // self._side, values.shape[:-2]
        split = values.reshape(-1, inner, inner, self._side, self._side)
        return split.permute(0, 3, 1, 4, 2).reshape(*lead, self._cells, self._cells)

    def module(self) -> nn.Module | None:
        return None


class PictureEncoder:
    """A convolutional autoencoder of gray pictures, 16 pixels a node, trained on the footage and then frozen.

    Trained together with the denoiser it would collapse: a constant description is easy to foretell.
    """

    def __init__(self, config: DiffVADConfig) -> None:
        self._config, self._side = config, config.nodes
        self._pixels = 16 * config.nodes
        self.channels = config.encoder_channels
        self.network = _Autoencoder(config.encoder_channels)

    def learn(
        self,
        spans: list[tuple[Video, int, int]],
        *,
        seed: int,
        device: torch.device,
        progress: ProgressCallback,
    ) -> None:
        pictures = self._gather(spans, progress=progress)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.network = _Autoencoder(self.channels)
        self.network.to(device).train()
        optimiser = torch.optim.Adam(self.network.parameters(), lr=1e-3)
        meter = Meter(progress, "encoder", self._config.encoder_steps)
        random = np.random.default_rng([seed, 0])
        for _ in range(self._config.encoder_steps):
            chosen = pictures[random.integers(len(pictures), size=_PICTURE_BATCH)]
            batch = _normal(torch.from_numpy(chosen).to(device))
            loss = nn.functional.smooth_l1_loss(self.network(batch), batch)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            meter.advance(loss=loss.item())
        self.network.eval()

    def _gather(
        self, spans: list[tuple[Video, int, int]], *, progress: ProgressCallback
    ) -> NDArray[np.uint8]:
        frames = sum(stop - start for _, start, stop in spans)
        apart = max(1, frames // _PICTURES)
        meter = Meter(progress, "pictures", frames)
        kept = []
        for video, start, stop in spans:
            for n, picture in enumerate(
                video.frames(start, stop, size=(self._pixels, self._pixels), gray=True)
            ):
                if n % apart == 0:
                    kept.append(picture)
                meter.advance()
        return np.stack(kept)

    @torch.inference_mode()
    def encode(
        self, video: Video, start: int, stop: int, *, cache: FieldCache | None, meter: Meter
    ) -> Iterator[Floats]:
        device = next(self.network.parameters()).device
        pictures = video.frames(start, stop, size=(self._pixels, self._pixels), gray=True)
        while piece := list(islice(pictures, _FRAMES_AT_ONCE)):
            batch = _normal(torch.from_numpy(np.stack(piece)).to(device))
            yield self.network.encode(batch).flatten(2).cpu().numpy()
            meter.advance(len(piece))

    def cells(self, values: Tensor) -> Tensor:
        return values.mean(-2).unflatten(-1, (self._side, self._side))

    def module(self) -> nn.Module | None:
        return self.network


class _Autoencoder(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        down: list[nn.Module] = []
        up: list[nn.Module] = [nn.Conv2d(channels, _WIDTHS[-1], 1)]
        for inputs, outputs in zip((1, *_WIDTHS), _WIDTHS, strict=False):
            down += [nn.Conv2d(inputs, outputs, 3, stride=2, padding=1), nn.SiLU()]
        for inputs, outputs in zip(_WIDTHS[::-1], (*_WIDTHS[-2::-1], 1), strict=True):
            up += [nn.SiLU(), nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1)]
        self.encode = nn.Sequential(*down, nn.Conv2d(_WIDTHS[-1], channels, 1))
        self.decode = nn.Sequential(*up)

    def forward(self, x: Tensor) -> Tensor:
        return self.decode(self.encode(x))


def _normal(pictures: Tensor) -> Tensor:
    return pictures[:, None].float() / 127.5 - 1
