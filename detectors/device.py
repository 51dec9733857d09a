"""Where torch computes, and that it computes the same twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from detectors.base import ConfigError, Device


def resolve(device: Device) -> torch.device:
    """Choose the device: "auto" is a GPU where there is one. Raises ConfigError if there is no GPU to use."""
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if device == "cuda" and not torch.cuda.is_available():
        raise ConfigError(
            "This machine has no GPU that torch can use; choose the device cpu or auto, or install a build of "
            "torch for your GPU."
        )
    if device not in ("cpu", "cuda"):
        raise ConfigError(f"The device must be auto, cpu or cuda, got {device!r}.")
    return torch.device(device)


@contextmanager
def repeatable() -> Iterator[None]:
    """Have cuDNN choose algorithms that give the same numbers each time."""
    with torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True):
        yield
