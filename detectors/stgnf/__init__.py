"""STG-NF: normalising flows for human pose anomaly detection (Hirschorn & Avidan, ICCV 2023).

    detector = detectors.stgnf.from_reference("ShanghaiTech_85_9.tar")
    detector.log_likelihood(x)          # x float32 (N, 2, T, 18) -> (N,), bits per dimension

Importing this package imports no torch; `from_reference` does.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from detectors.base import Device
    from detectors.stgnf.detector import StgNf


def from_reference(path: Path | str, *, device: Device = "auto") -> StgNf:
    """Read a checkpoint of the authors (.tar), or an .npz of its state dict, as a detector ready to score.

    The network follows from the weights alone. Raises ConfigError or BadWeights, which say what is wrong; no code in the
    file is run.
    """
    from detectors.stgnf import reference

    return reference.read(Path(path), device=device)
