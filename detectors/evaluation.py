"""Score files and label files -> figures, beside those of plain motion, which needs no training."""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors import regions, scorefile
from detectors.base import ConfigError, VideoScores
from detectors.metrics import FrameMetrics, frame_metrics
from detectors.region_metrics import RegionMetrics, region_metrics

SMOOTHING_SIGMA = 5.0  # frames; what published figures are usually smoothed with


def evaluate(scores: Path, *, labels: Path, masks: Path | None = None) -> dict[str, Any]:
    """Compute the figures of all score files in a folder that have labels.

    `baselines` holds the same figures of the untrained motion curves where the score files have them:
    motion_strongest_cell_g5, the fastest of 16 x 16 cells after a Gaussian of 5 frames, and
    motion_time_mean_16, the cell that is fastest on average over 16 frames. `smoothed_g5` are the figures of
    the scores after the same Gaussian. `masks` is a folder of <video>.npz with bool [T, H, W] of what is abnormal
    in pixels of the source: with it there are rbdc and tbdc, from people where a detector has them, else from its
    heatmaps. Raises ConfigError or LabelMismatch.
    """
    if masks is not None and not masks.is_dir():
        raise ConfigError(f"There is no folder {masks}; --masks names one that holds <video>.npz.")
    truth = read_labels(labels)
    found = {path.stem: scorefile.read(path) for path in sorted(scores.glob("*.npz"))}
    if not found:
        raise ConfigError(f"There are no score files (*.npz) in {scores}; make some with the command score.")
    both = sorted(found.keys() & truth.keys())
    if not both:
        raise ConfigError(
            f"No video has both scores ({_some(found)}) and labels ({_some(truth)}); the names must be the same."
        )
    for kind, names in (("labels", found.keys() - truth.keys()), ("scores", truth.keys() - found.keys())):
        if names:
            print(f"warning: left out for want of {kind}: {_some(sorted(names))}", file=sys.stderr)
    truth = {name: truth[name] for name in both}
    frames = {name: _whole(scores / f"{name}.npz", found[name].frames, len(truth[name])) for name in both}
    figures: dict[str, Any] = dict(frame_metrics(frames, truth))
    figures["smoothed_g5"] = _figures(frames, truth, smooth=True)
    baselines = {}
    for track, smooth in (("motion_strongest_cell", True), ("motion_time_mean_16", False)):
        if all(track in found[name].tracks for name in both):
            curves = {name: found[name].tracks[track].values for name in both}
            baselines[f"{track}_g5" if smooth else track] = _figures(curves, truth, smooth=smooth)
    if masks is not None:
        where = dict(_where(found, truth, masks))
        undefined = figures.get("undefined", {}) | where.pop("undefined", {})
        figures |= where | ({"undefined": undefined} if undefined else {})
    return figures | {"baselines": baselines}


def _where(found: dict[str, VideoScores], labels: dict[str, NDArray[np.int64]], masks: Path) -> RegionMetrics:
    """Compute RBDC and TBDC of the videos that have a mask, or no abnormal frame and so need none."""
    judged, truth, frames, without = {}, {}, 0, []
    for name, scores in found.items():
        if name not in labels:
            continue
        n_frames = len(labels[name])  # scores of poses alone may end before the footage does
        mask = read_mask(masks / f"{name}.npz", n_frames=n_frames)
        if mask is None and labels[name].any():
            without.append(name)
            continue
        frames += n_frames
        # Without a mask every region is a false alarm wherever it lies, so the size of the picture does not matter.
        height, width = (1, 1) if mask is None else mask.shape[1:]
        judged[name] = regions.found_in(scores, width=width, height=height)
        if mask is not None:
            truth[name] = regions.of_masks(mask)
    if without:
        print(f"warning: left out of rbdc and tbdc for want of masks: {_some(without)}", file=sys.stderr)
    figures = region_metrics(judged, truth, frames=frames)
    if without and not truth:
        reason = f"no video with abnormal frames has a mask in {masks.name}"
        figures |= {"undefined": {"rbdc": reason, "tbdc": reason}}
    elif all(found[name].people is None and found[name].heatmaps is None for name in judged):
        reason = (
            "these scores say when something is strange, but not where: they have no heatmap and no people"
        )
        figures |= {"rbdc": None, "tbdc": None, "undefined": {"rbdc": reason, "tbdc": reason}}
    return figures


def read_mask(path: Path, *, n_frames: int) -> NDArray[np.bool_] | None:
    """Read the array `mask`, bool (T, H, W), of an .npz; None if there is no such file. Raises ConfigError."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            mask = archive["mask"]
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ConfigError(f"{path.name} holds no array called mask that can be read ({error}).") from None
    if mask.ndim != 3 or mask.dtype.kind not in "bu":
        raise ConfigError(
            f"The mask in {path.name} must be bool [frames, height, width], but is {mask.dtype} {mask.shape}."
        )
    if len(mask) != n_frames:
        raise ConfigError(
            f"The mask in {path.name} covers {len(mask)} frames, the scores {n_frames}; both must be of one video."
        )
    return mask.astype(np.bool_, copy=False)


def _whole(path: Path, frames: NDArray[np.float32], length: int) -> NDArray[np.float32]:
    """Go on with the lowest score to the end of the footage, where poses do not say how long it is."""
    if len(frames) < length and scorefile.has_open_end(path):
        return np.pad(frames, (0, length - len(frames)), constant_values=frames.min())
    return frames


def read_labels(path: Path) -> dict[str, NDArray[np.int64]]:
    """Read {video: [0, 1, ...]} or {video: {"labels": [0, 1, ...]}}. Raises ConfigError."""
    holds = "must hold an object: video name -> list of 0 and 1, one a frame"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        others = (
            ""
            if path.suffix.lower() == ".json"
            else " Ground truth in other formats (.m, .mat, .npy, .txt, .csv) is read in the browser: Footage, import ground "
            'truth. For the command line write it as {"Test001": [0, 0, 1, ...], ...}.'
        )
        raise ConfigError(f"{path.name} is not JSON ({error}). It {holds}.{others}") from None
    if not isinstance(content, dict) or not content:
        raise ConfigError(f"{path.name} {holds}.")
    truth = {}
    for name, value in content.items():
        values = value.get("labels") if isinstance(value, dict) else value
        if not isinstance(values, list) or not all(label in (0, 1) for label in values):
            raise ConfigError(f"{path.name}: the labels of {name} must be a list of 0 and 1, one a frame.")
        truth[name] = np.array(values, np.int64)
    return truth


def gaussian(values: NDArray[np.floating[Any]], *, sigma: float = SMOOTHING_SIGMA) -> NDArray[np.float64]:
    """Smooth a curve with a Gaussian, mirrored at its ends."""
    column = values.astype(np.float64)[:, None]
    kernel = 2 * int(4 * sigma + 0.5) + 1
    smooth = cv2.GaussianBlur(column, (1, kernel), sigma, sigmaY=sigma, borderType=cv2.BORDER_REFLECT)
    return np.asarray(smooth, np.float64).ravel()


def _figures(curves: dict[str, NDArray[Any]], truth: dict[str, Any], *, smooth: bool) -> FrameMetrics:
    return frame_metrics({k: gaussian(v) for k, v in curves.items()} if smooth else curves, truth)


def _some(names: Any) -> str:
    listed = list(names)
    return ", ".join(listed[:5]) + (f" and {len(listed) - 5} more" if len(listed) > 5 else "")
