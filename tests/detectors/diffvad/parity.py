"""Vectors made once with MoCoDAD's modules, kept outside the repository, and how its names map to ours."""

import os
import re
from pathlib import Path

import numpy as np
import pytest
import torch

SHARED = Path(os.environ.get("VADREVIEW_SHARED", Path(__file__).parents[4] / "shared"))
VECTORS = SHARED / "data" / "parity" / "diffvad_parity.npz"
NEEDS_VECTORS = pytest.mark.skipif(
    not VECTORS.exists(), reason="the DiffVAD vectors are not beside the repository"
)

STAGES = {
    "st_gcnnsp1a": "enter",
    "st_gcnnsd1": "down1",
    "st_gcnnsd2": "down2",
    "st_gcnnsd3": "bottom",
    "st_gcnnsu4": "up1",
    "st_gcnnsu3": "up2",
    "down1": "pool1",
    "down2": "pool2",
    "up3": "unpool2",
    "up2": "unpool1",
}
PARTS = {
    "gcn.A": "mix.space",
    "gcn.T": "mix.time",
    "tcn.0": "conv",
    "tcn.1": "norm",
    "residual.": "shortcut.",
    "prelu.": "activation.",
    "emb_layer.1": "embed",
    "block.0": "conv",
    "block.1": "norm",
}


def vectors(prefix: str) -> dict[str, np.ndarray]:
    with np.load(VECTORS, allow_pickle=False) as archive:
        return {name.removeprefix(prefix): archive[name] for name in archive.files if name.startswith(prefix)}


def tensors(prefix: str) -> dict[str, torch.Tensor]:
    return {name: torch.from_numpy(np.array(array)) for name, array in vectors(prefix).items()}


def our_names(found: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {_ours(name): value for name, value in found.items()}


def _ours(name: str) -> str:
    stage, dot, rest = name.partition(".")
    if stage in STAGES:
        name = STAGES[stage] + dot + rest
    for theirs, ours in PARTS.items():
        name = re.sub(rf"(^|\.){re.escape(theirs)}", rf"\1{ours}", name, count=1)
    return name
