"""Vectors made once with the released code, kept outside the repository."""

import os
from pathlib import Path

import numpy as np
import pytest

SHARED = Path(os.environ.get("VADREVIEW_SHARED", Path(__file__).parents[4] / "shared"))
FOLDER = SHARED / "data" / "parity"
NEEDS_VECTORS = pytest.mark.skipif(
    not (FOLDER / "stgnf_train_parity_T16.npz").exists(),
    reason="the vectors of STG-NF are not beside the repository",
)


def models() -> list[str]:
    """The released models whose weights and vectors are there."""
    weights = sorted(FOLDER.glob("stgnf_ckpt_*.npz"))
    names = [path.stem.removeprefix("stgnf_ckpt_") for path in weights]
    return [name for name in names if (FOLDER / f"stgnf_parity_{name}.npz").exists()]


def weights(model: str) -> Path:
    return FOLDER / f"stgnf_ckpt_{model}.npz"


def vectors(name: str) -> dict[str, np.ndarray]:
    with np.load(FOLDER / f"stgnf_{name}.npz", allow_pickle=False) as archive:
        return dict(archive)
