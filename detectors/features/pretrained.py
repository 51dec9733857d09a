"""Pretrained 3D networks as encoders: weights that the user fetched or supplied, see `detectors.weights`."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor

from detectors import weights
from detectors.ahead import ahead
from detectors.artifacts import sha256_of
from detectors.base import Meter, Video
from detectors.features import resnet3d
from detectors.features.clips import LENGTH, Floats, Starts
from detectors.field_cache import FieldCache

Fit = Literal["squash", "crop"]

_CLIPS_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Recipe:
    """A network and the pictures it was trained on.

    mean, deviation: of each channel, on pixels from 0 to 255. resized: height and width before the square in
    the centre is cut out, for a square of side 1, or None for the short side.
    """

    make: Callable[[], resnet3d.R3D18 | resnet3d.HaraResNet]
    mean: tuple[float, float, float]
    deviation: tuple[float, float, float]
    resized: tuple[float, float] | None = None


RECIPES: dict[str, Recipe] = {
    "r3d18": Recipe(
        resnet3d.R3D18,
        mean=(0.43216 * 255, 0.394666 * 255, 0.37645 * 255),
        deviation=(0.22803 * 255, 0.22145 * 255, 0.216989 * 255),
        resized=(128 / 112, 171 / 112),
    ),
    "r3d18-kinetics700": Recipe(
        resnet3d.resnet18,
        mean=(0.4345 * 255, 0.4051 * 255, 0.3775 * 255),
        deviation=(0.2768 * 255, 0.2713 * 255, 0.2737 * 255),
    ),
    "resnext101": Recipe(resnet3d.resnext101, mean=(114.8, 107.7, 99.5), deviation=(1.0, 1.0, 1.0)),
}


class PretrainedEncoder:
    """Describes clips by the last maps of a pretrained network, averaged over time.

    fit: "squash" shrinks the whole picture to a square; "crop" prepares it as for the network's own training,
    which leaves out the sides. Raises MissingWeights or BadWeights.
    """

    costly = True

    def __init__(
        self, name: str, *, fit: Fit = "squash", side: int = 112, device: torch.device | str = "cpu"
    ) -> None:
        recipe = RECIPES[name]
        file = weights.path(name)
        with torch.device("meta"):
            network = recipe.make()
        network.load_state_dict(fitting(name, load_file(file)), assign=True)
        self.network = network.eval().to(device)
        self.dimension: int = network.dimension
        self.grid = (-(-side // 16), -(-side // 16)) if network.frames == 2 else (-(-side // 32),) * 2
        self._recipe, self._fit, self._side = recipe, fit, side
        text = f"pretrained 1 {name} {sha256_of(file)} {fit} {side}"
        self._fingerprint = hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def fingerprint(self) -> str:
        return self._fingerprint

    def region(self, video: Video) -> tuple[float, float, float, float]:
        if self._fit == "squash":
            return 0.0, 0.0, 1.0, 1.0
        height, width = self._resized(video)
        high, wide = self._side / height / 2, self._side / width / 2
        return 0.5 - wide, 0.5 - high, 0.5 + wide, 0.5 + high

    def _resized(self, video: Video) -> tuple[int, int]:
        """Height and width to which pictures are brought before the square in the centre is cut out."""
        if self._fit == "squash":
            return self._side, self._side
        if self._recipe.resized is not None:
            high, wide = self._recipe.resized
            return round(high * self._side), round(wide * self._side)
        scale = self._side / min(video.height, video.width)
        return max(self._side, round(video.height * scale)), max(self._side, round(video.width * scale))

    def _clips(self, video: Video, starts: Starts) -> Iterator[tuple[int, np.ndarray]]:
        """(start, uint8 (16, side, side, 3)) of each clip, in one pass."""
        height, width = self._resized(video)
        top, left = (height - self._side) // 2, (width - self._side) // 2
        cut = slice(top, top + self._side), slice(left, left + self._side)
        held: deque[np.ndarray] = deque(maxlen=LENGTH)
        waiting = deque(starts.tolist())
        first, n_frames = waiting[0], video.n_frames
        for n, picture in enumerate(video.frames(first, size=(height, width)), start=first):
            held.append(picture[cut])
            if n == n_frames - 1:
                held.extend([held[-1]] * max(0, LENGTH - n_frames))
                n = max(n, LENGTH - 1)
            if waiting and n == waiting[0] + LENGTH - 1:
                yield waiting.popleft(), np.stack(held)

    def encode(
        self, video: Video, starts: Starts, *, cache: FieldCache | None, meter: Meter
    ) -> Iterator[Floats]:
        clips: list[np.ndarray] = []
        seen = int(starts[0])
        for start, clip in ahead(self._clips(video, starts), items=_CLIPS_AT_ONCE):
            clips.append(clip)
            if len(clips) == _CLIPS_AT_ONCE:
                yield self._cells(np.stack(clips))
                meter.advance(start - seen)
                clips, seen = [], start
        if clips:
            yield self._cells(np.stack(clips))

    @torch.inference_mode()
    def _cells(self, clips: np.ndarray) -> Floats:
        device = next(self.network.parameters()).device
        pictures = torch.from_numpy(clips).to(device).float()  # (B, 16, H, W, 3)
        pictures = (pictures - pictures.new_tensor(self._recipe.mean)) / pictures.new_tensor(
            self._recipe.deviation
        )
        maps: Tensor = self.network(pictures.permute(0, 4, 1, 2, 3).contiguous())
        return maps.mean(2).permute(0, 2, 3, 1).cpu().numpy()  # (B, D, T', H', W') -> (B, H', W', D)


def fitting(name: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Choose the tensors that a network needs, as float32. The classifier (fc) is left out.

    Raises BadWeights, which names what is missing, unknown or of another shape, or not finite. Counts of seen
    batches, which older files lack, are filled in.
    """
    with torch.device("meta"):
        wanted = {key: value.shape for key, value in RECIPES[name].make().state_dict().items()}
    given = {key: value for key, value in tensors.items() if not key.startswith("fc.")}
    counted = {key for key in wanted if key.endswith("num_batches_tracked")}
    zero = torch.zeros((), dtype=torch.int64)
    return weights.matching(name, wanted, given, filled=dict.fromkeys(counted - given.keys(), zero))
