"""Vectors made once with the k-diffusion package, kept outside the repository."""

import os
from pathlib import Path

import numpy as np
import pytest

SHARED = Path(os.environ.get("VADREVIEW_SHARED", Path(__file__).parents[4] / "shared"))
VECTORS = SHARED / "data" / "parity" / "kdiff_parity.npz"
NEEDS_VECTORS = pytest.mark.skipif(
    not VECTORS.exists(), reason="the k-diffusion vectors are not beside the repository"
)


def vectors() -> dict[str, np.ndarray]:
    with np.load(VECTORS, allow_pickle=False) as archive:
        return dict(archive)
