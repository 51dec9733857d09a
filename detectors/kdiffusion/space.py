"""The units in which the denoiser sees features, learned from the training features without labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.base import ConfigError
from detectors.kdiffusion.config import KDiffusionConfig

Floats = NDArray[np.float32]

SPREAD = 0.62
"""What features are brought to: the spread that the paper's schedule was made for."""

_LEAST = 1e-3  # of the spread of features, where nothing ever moves


@dataclass(frozen=True, slots=True)
class Space:
    """features -> scale * (features - centre) @ axes, and back; axes None is no rotation.

    sigma_data: spread of all numbers of the training features in these units.
    """

    centre: NDArray[np.float64]
    axes: NDArray[np.float64] | None
    scale: float
    sigma_data: float

    @classmethod
    def of(cls, rows: Floats, config: KDiffusionConfig) -> Space:
        """Learn the units from training rows (n, D)."""
        if config.scaling == "none":
            spread = config.feature_scale * float(rows.std(dtype=np.float64))
            zero = np.zeros(rows.shape[1])
            return cls(zero, None, config.feature_scale, max(spread, _LEAST))
        # One factor for all numbers: scaling each on its own would drown speed in rare directions.
        centre = rows.mean(0, dtype=np.float64)
        covariance = _covariance(rows, centre)
        _, axes = np.linalg.eigh(covariance)
        axes = axes[:, ::-1] * np.sign(axes[np.abs(axes).argmax(0), np.arange(len(axes))])[::-1]
        spread = float(np.sqrt(np.trace(covariance) / len(covariance)))
        return cls(centre, np.ascontiguousarray(axes), SPREAD / max(spread, _LEAST), SPREAD)

    def enter(self, features: Floats) -> Floats:
        """Bring features (..., D) to the denoiser's units."""
        moved = (features - self.centre.astype(np.float32)) * np.float32(self.scale)
        return moved if self.axes is None else moved @ self.axes.astype(np.float32)

    def leave(self, differences: Floats) -> Floats:
        """Bring differences of features back, up to the factor `scale`, so that squares sum to the same."""
        return differences if self.axes is None else differences @ self.axes.T.astype(np.float32)

    def arrays(self) -> dict[str, NDArray[np.float64]]:
        """Give everything by name."""
        kept = {"centre": self.centre, "units": np.array([self.scale, self.sigma_data])}
        return kept if self.axes is None else kept | {"axes": self.axes}

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[np.float64]]) -> Space:
        """Put together what `arrays` gave. Raises ConfigError if a factor is not above zero."""
        scale, sigma_data = map(float, arrays["units"])
        if min(scale, sigma_data) <= 0:
            raise ConfigError("The model file holds a scale that is not above zero; make the model again.")
        return cls(arrays["centre"], arrays.get("axes"), scale, sigma_data)


def _covariance(rows: Floats, centre: NDArray[np.float64]) -> NDArray[np.float64]:
    total = np.zeros((rows.shape[1], rows.shape[1]))
    for first in range(0, len(rows), 65_536):
        part = rows[first : first + 65_536] - centre
        total += part.T @ part
    return total / len(rows)
