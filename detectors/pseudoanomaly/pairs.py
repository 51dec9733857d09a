"""Training pairs: what the network sees, and the normal window that it shall rebuild (eq. 4 and 5)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from detectors.pseudoanomaly import fills, masks, motion_mixing
from detectors.pseudoanomaly.config import PseudoAnomalyConfig
from detectors.pseudoanomaly.inpainting import Inpainted
from detectors.pseudoanomaly.material import Stretch
from detectors.pseudoanomaly.network import WINDOW

Pair = tuple[NDArray[np.float32], NDArray[np.float32]]

LEAST_CHANGE = 0.05
"""Mean change, in network units, where a pseudo-anomaly is changed at all; less is still normal."""

_FEATHER = 1.5  # pixels of 256


class MotionPairs:
    """Pairs of motion, (3, 16, S, S) in units of `scale`."""

    def __init__(self, stretches: Sequence[Stretch], config: PseudoAnomalyConfig, *, scale: float) -> None:
        self._stretches, self._config, self._scale = stretches, config, scale

    def normal(self, index: int, start: int) -> NDArray[np.float32]:
        return self._stretches[index].motion(start) / self._scale

    def pseudo(
        self, index: int, start: int, *, random: np.random.Generator, freely: bool = False
    ) -> Pair | None:
        """Make a pseudo-anomaly of a window and give both, or None where the footage does not allow it.

        freely: frames that are held out may be used.
        """
        config, stretch = self._config, self._stretches[index]
        kind = random.choice(config.motion_pseudo_anomalies)
        if kind == "skip":
            stride = _stride(stretch, start, config, random, freely)
            if stride is None:
                return None
            return stretch.motion(start, stride=stride) / self._scale, self.normal(index, start)
        motion = stretch.motion(start)
        if kind == "patch":
            other = self._stretches[int(random.integers(len(self._stretches)))]
            source = other.motion(int(random.integers(max(1, len(other) - WINDOW))))
            return motion_mixing.pasted(motion, source, random=random) / self._scale, motion / self._scale
        chosen = masks.clip_masks(
            stretch.things(start),
            config.size,
            WINDOW,
            preset=config.irregular_masks,
            coherent=config.coherent,
            random=random,
        )
        mixed = motion_mixing.mixed(
            motion,
            chosen,
            random=random,
            beta=config.mix_beta,
            region=config.mix_region,
            coherent=config.coherent,
        )
        return mixed / self._scale, motion / self._scale


class AppearancePairs:
    """Pairs of pictures, (C, 16, S, S) from -1 to 1."""

    def __init__(
        self,
        stretches: Sequence[Stretch],
        config: PseudoAnomalyConfig,
        *,
        generated: Sequence[Inpainted] | None = None,
    ) -> None:
        self._stretches, self._config, self._generated = stretches, config, generated

    def normal(self, index: int, start: int) -> NDArray[np.float32]:
        return network_units(self._stretches[index].clip(start))

    def pseudo(
        self, index: int, start: int, *, random: np.random.Generator, freely: bool = False
    ) -> Pair | None:
        """Make a pseudo-anomaly of a window and give both, or None where the footage does not allow it.

        freely: frames that are held out may be used.
        """
        config, stretch = self._config, self._stretches[index]
        kind = random.choice(config.appearance_pseudo_anomalies)
        if kind == "skip":
            stride = _stride(stretch, start, config, random, freely)
            if stride is None:
                return None
            return network_units(stretch.clip(start, stride=stride)), self.normal(index, start)
        clip = stretch.clip(start)
        if kind == "inpainted":
            assert self._generated is not None
            index, start, seen = self._generated[int(random.integers(len(self._generated)))]
            return network_units(seen), self.normal(index, start)
        if kind == "patch":
            seen = fills.smooth_patch(clip, self._other(random), random=random)
        else:
            seen = self._filled(stretch, start, clip, random)
        return network_units(seen), network_units(clip)

    def _other(self, random: np.random.Generator) -> NDArray[np.uint8]:
        stretch = self._stretches[int(random.integers(len(self._stretches)))]
        return stretch.clip(int(random.integers(max(1, len(stretch) - WINDOW))))

    def _filled(
        self, stretch: Stretch, start: int, clip: NDArray[np.uint8], random: np.random.Generator
    ) -> NDArray[np.uint8]:
        config = self._config
        chosen = masks.clip_masks(
            stretch.things(start),
            config.size,
            WINDOW,
            preset=config.irregular_masks,
            coherent=config.coherent,
            random=random,
        )
        fill = str(random.choice(config.fills))
        extra = {"source": self._other(random)[0]} if fill == "footage" else {}
        found, seed = clip.copy(), random.integers(2**62)
        for n in range(WINDOW):
            if not chosen[n].any():
                continue
            drawn = np.random.default_rng(seed) if config.coherent else random
            filled = fills.FILLS[fill](clip[n], chosen[n], random=drawn, **extra)
            found[n] = fills.blend(clip[n], filled, chosen[n], feather=_FEATHER * config.size / 256)
        return found


def network_units(clip: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Turn pictures (16, C, S, S) into (C, 16, S, S) from -1 to 1."""
    return clip.transpose(1, 0, 2, 3).astype(np.float32) / 127.5 - 1


def differs(seen: NDArray[np.float32], normal: NDArray[np.float32]) -> bool:
    """Say whether a pseudo-anomaly is one: mixing with itself may change next to nothing."""
    change = np.abs(seen - normal)
    touched = change > 1e-3
    return bool(touched.any() and change[touched].mean() >= LEAST_CHANGE)


def _stride(
    stretch: Stretch,
    start: int,
    config: PseudoAnomalyConfig,
    random: np.random.Generator,
    freely: bool,
) -> int | None:
    free = stretch.is_usual if freely else stretch.is_free
    fitting = [
        stride
        for stride in config.skip_strides
        if start + stride * (WINDOW - 1) < len(stretch) and free(start, start + stride * (WINDOW - 1) + 1)
    ]
    return int(random.choice(fitting)) if fitting else None
