"""What the authors released: their checkpoints, and their way from files of poses to an AUC (sections 6 and 7 of
their code's options). Kept apart from the detector, which fills in what the released code leaves open."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from detectors import device as devices
from detectors import weights
from detectors.base import ConfigError, Device
from detectors.metrics import frame_auc
from detectors.pose.people import PosedPerson
from detectors.stgnf.config import StgNfConfig
from detectors.stgnf.detector import StgNf
from detectors.stgnf.network import JOINTS, Architecture, StgNfNetwork
from detectors.stgnf.scoring import released_smoothing
from detectors.stgnf.segments import Cut, segments_of

MOST_BYTES = 256 * 2**20

NOT_IN_HR = ("01_0130", "01_0135", "01_0136", "06_0144", "06_0145", "12_0152")
"""Clips of ShanghaiTech that its human-related subset leaves out (Morais et al. 2019)."""


def read(path: Path, *, device: Device = "auto") -> StgNf:
    """Read a checkpoint as `detectors.stgnf.from_reference` says."""
    tensors = _tensors(path)
    network, prior_mean = _network(tensors, name=path.name)
    shape = network.architecture
    default = Architecture.released(shape.frames, 1).temporal_kernel
    config = StgNfConfig.parse(
        {
            "segment_length": shape.frames,
            "steps": len(shape.residuals),
            "permutation": shape.permutation,
            "hidden": shape.hidden,
            "temporal_kernel": None if shape.temporal_kernel == default else shape.temporal_kernel,
            "prior_mean": prior_mean,
            "supervised_prior_mean": prior_mean,
            "fill_gaps": 0,
            "whole_tracks": False,
        }
    )
    network = network.to(devices.resolve(device))
    return StgNf(config, device=device).holding(network, supervised=False)


def _tensors(path: Path) -> dict[str, Tensor]:
    if not path.is_file():
        raise ConfigError(f"There is no file {path.name}.")
    if path.stat().st_size > MOST_BYTES:
        raise ConfigError(
            f"{path.name} is larger than {MOST_BYTES // 2**20} MiB; a checkpoint of STG-NF is not."
        )
    if path.suffix != ".npz":
        return weights.state_dict(path)
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: np.asarray(archive[name]) for name in archive.files}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ConfigError(f"{path.name} is no .npz of plain arrays: {error}.") from None
    wrong = [name for name, array in arrays.items() if array.dtype.kind not in "fiu"]
    if wrong:
        raise ConfigError(f"{path.name} holds something else than numbers in {wrong[0]}.")
    return {name.removeprefix("module."): torch.from_numpy(array) for name, array in arrays.items()}


def _network(tensors: Mapping[str, Tensor], *, name: str) -> tuple[StgNfNetwork, float]:
    """Find out the network from names and shapes, and give it with the mean of its prior."""

    def refuse(reason: str) -> ConfigError:
        return ConfigError(f"{name} is no checkpoint of STG-NF that can be used: {reason}.")

    prior = tensors.get("prior_h_normal")
    if prior is None or prior.ndim != 3 or len(prior) != 4:
        raise refuse("it has no prior_h_normal of shape (4, T, 18)")
    frames, joints = prior.shape[1:]
    if joints != JOINTS:
        raise refuse(f"its poses have {joints} joints, and only 18 can be read")
    numbers = {int(found[1]) for key in tensors if (found := re.match(r"flow\.layers\.(\d{1,4})\.", key))}
    if numbers != set(range(len(numbers))) or not numbers:
        raise refuse("its steps flow.layers.0, 1, ... are not complete")
    first = "flow.layers.0.block.0"
    kernel, gcn = tensors.get(f"{first}.tcn.2.weight"), tensors.get(f"{first}.gcn.conv.weight")
    if kernel is None or gcn is None or kernel.ndim != 4 or gcn.ndim != 4 or kernel.shape[2] % 2 == 0:
        raise refuse(f"{first} has no convolution over an odd number of frames")
    if not (1 <= frames <= 1024 and len(numbers) <= 256 and kernel.shape[2] <= 1024 and len(gcn) <= 1024):
        raise refuse("its network is larger than any that was released")
    network = StgNfNetwork(
        Architecture(
            frames=frames,
            temporal_kernel=kernel.shape[2],
            residuals=tuple(
                f"flow.layers.{k}.block.0.residual.0.weight" in tensors for k in range(len(numbers))
            ),
            permutation="learned" if any(".invconv." in key for key in tensors) else "swap",
            hidden=len(gcn) if f"{first.removesuffix('0')}1.gcn.conv.weight" in tensors else 0,
        ),
        prior_mean=0.0,
    )
    wanted = network.state_dict()
    zero = torch.zeros((), dtype=torch.int64)
    given = {key: zero for key in wanted if key.endswith("num_batches_tracked")} | dict(tensors)
    problems = {
        "missing": sorted(wanted.keys() - given.keys()),
        "unknown": sorted(given.keys() - wanted.keys()),
        "of another shape": [
            f"{key} is {list(given[key].shape)}, should be {list(wanted[key].shape)}"
            for key in sorted(wanted.keys() & given.keys())
            if given[key].shape != wanted[key].shape
        ],
        "not finite": [key for key in sorted(given) if not torch.isfinite(given[key].double()).all()],
        "below 0": [key for key in given if key.endswith("running_var") and (given[key] < 0).any()],
    }
    said = [f"{kind}: {_some(keys)}" for kind, keys in problems.items() if keys]
    if said:
        raise refuse("; ".join(said))
    network.load_state_dict({key: given[key].to(wanted[key].dtype) for key in wanted})
    mean = network.prior_mean
    normal = torch.zeros(4, frames, joints)
    normal[:2] = mean
    if not torch.equal(network.prior_h_normal, normal) or not torch.equal(network.prior_h_abnormal, -normal):
        raise refuse("its priors are not one mean for normal poses and minus that for abnormal ones")
    return network, mean


def _some(keys: Sequence[str]) -> str:
    return ", ".join(keys[:4]) + (f" and {len(keys) - 4} more" if len(keys) > 4 else "")


@dataclass(frozen=True, slots=True)
class Curves:
    """Log-likelihood of each frame by clip, higher is more usual, and the AUC of the abnormal ones.

    filled: frames without a score have the highest of all clips. smooth: the same, smoothed.
    """

    filled: Mapping[str, NDArray[np.float64]]
    smooth: Mapping[str, NDArray[np.float64]]

    def auc(self, abnormal: Mapping[str, NDArray[Any]]) -> float | None:
        """Compute the AUC over the frames of all clips, from labels of which 1 is abnormal."""
        scores = np.concatenate([-self.smooth[clip] for clip in self.smooth])
        labels = np.concatenate([np.asarray(abnormal[clip]).astype(np.int64) for clip in self.smooth])
        return frame_auc(scores, labels)


def evaluate(
    detector: StgNf,
    clips: Mapping[str, Sequence[PosedPerson]],
    lengths: Mapping[str, int],
    *,
    stride: int = 1,
) -> Curves:
    """Score clips as the released code does: all clips of a test set together.

    A segment's score goes to its middle frame, a frame's is that of its least likely person, and frames without one get
    the highest of the whole set. clips without people may be missing. Raises ConfigError where poses lie beyond a clip.
    """
    raw = {clip: np.full(length, np.inf) for clip, length in lengths.items()}
    cut = Cut(
        detector.config.segment_length, stride, released=True, confidence=detector.config.min_confidence
    )
    for clip, curve in raw.items():
        for part in segments_of(clips.get(clip, ()), cut):
            middles = part.starts + cut.length // 2
            if middles.max(initial=0) >= len(curve):
                raise ConfigError(
                    f"The poses of {clip} speak of frame {middles.max()}, but its labels have {len(curve)} frames."
                )
            np.minimum.at(curve, middles, detector.segment_scores(part))
    every = np.concatenate([np.empty(0), *raw.values()])
    highest = every[np.isfinite(every)].max(initial=-np.inf)
    if not np.isfinite(highest):
        raise ConfigError("Nobody in these clips is seen for long enough to be judged.")
    filled = {clip: np.where(np.isfinite(curve), curve, highest) for clip, curve in raw.items()}
    return Curves(filled, {clip: released_smoothing(curve) for clip, curve in filled.items()})
