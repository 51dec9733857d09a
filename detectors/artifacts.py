"""A model on disk: a folder with one `.safetensors`, whose metadata say which detector made it, and how.

Checkpoints of a training are kept the same way. Nothing here can run code from a file: arrays and JSON only.
"""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from detectors.base import Config, ConfigError, Supervision, Video

Arrays = Mapping[str, NDArray[Any]]

FORMAT = "vadreview 1"
MODEL_FILE = "model.safetensors"
CHECKPOINT_FILE = "checkpoint.safetensors"


@dataclass(frozen=True, slots=True)
class Model:
    """What a model file holds: everything learned, by name, and the settings it was learned with."""

    config: Config
    seed: int
    arrays: dict[str, NDArray[Any]]

    def take(self, name: str, *, shape: tuple[int, ...]) -> NDArray[Any]:
        """Give one array. Raises ConfigError if it is missing, of another shape or not finite."""
        array = self.arrays.get(name)
        if array is None or array.shape != shape:
            found = "nothing" if array is None else f"shape {array.shape}"
            raise ConfigError(f"The model file should hold {name} of shape {shape}, but has {found}.")
        if not np.isfinite(array).all():
            raise ConfigError(f"The model file holds numbers in {name} that are not finite.")
        return array


def write_atomically(path: Path, write: Callable[[Path], None]) -> None:
    """Have `write` make a draft beside `path`, then put it in place in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".draft-{uuid.uuid4().hex}{path.suffix}")
    try:
        write(draft)
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def write_model(folder: Path | str, *, detector: str, config: Config, seed: int, arrays: Arrays) -> str:
    """Write a model and give the SHA-256 of its file; the same model always gives the same file."""
    path = Path(folder) / MODEL_FILE
    about = {"detector": detector, "seed": str(seed), "config": config.model_dump_json()}
    _write(path, arrays, about)
    return sha256_of(path)


def read_model(folder: Path | str, *, detector: str, config_class: type[Config]) -> Model:
    """Read what `write_model` wrote. Raises ConfigError if it is missing, damaged or another detector's."""
    about, arrays = _read(Path(folder) / MODEL_FILE, what="model")
    if about.get("detector") != detector:
        raise ConfigError(f"This is a model of {about.get('detector')}, not of {detector}.")
    try:
        values, seed = json.loads(about["config"]), int(about["seed"])
    except (KeyError, ValueError) as error:
        raise ConfigError(f"The model file does not say how it was made ({error}).") from None
    return Model(config=config_class.parse(values), seed=seed, arrays=arrays)


def detector_name(folder: Path | str) -> str:
    """Say which detector made a model, without reading its arrays. Raises ConfigError if it is no model."""
    return str(_metadata(Path(folder) / MODEL_FILE, what="model").get("detector"))


def write_checkpoint(
    folder: Path | str, *, fingerprint: str, arrays: Arrays, state: Mapping[str, Any]
) -> None:
    """Keep the state of a training: arrays, and everything else as values that JSON can hold."""
    about = {"fingerprint": fingerprint, "state": json.dumps(state, sort_keys=True)}
    _write(Path(folder) / CHECKPOINT_FILE, arrays, about)


def read_checkpoint(
    folder: Path | str, *, fingerprint: str
) -> tuple[dict[str, NDArray[Any]], dict[str, Any]] | None:
    """Give the arrays and state that were kept, or None where there is nothing this training can go on from.

    A checkpoint of another training or a damaged one counts as nothing: starting anew is always right.
    """
    try:
        about, arrays = _read(Path(folder) / CHECKPOINT_FILE, what="checkpoint")
    except ConfigError:
        return None
    if about.get("fingerprint") != fingerprint:
        return None
    return arrays, json.loads(about["state"])


def fingerprint(
    config: Config, *, seed: int, device: str, videos: Sequence[Video], supervision: Supervision | None
) -> str:
    """Tell trainings apart: SHA-256 of everything that decides what a training learns."""
    total = hashlib.sha256(f"{FORMAT}\n{config.model_dump_json()}\n{seed}\n{device}\n".encode())
    for video in videos:
        total.update(f"{video.sha256}\n".encode())
        if supervision is not None:
            total.update(supervision.of(video).tobytes())
            total.update(supervision.disputed_in(video).tobytes())
    return total.hexdigest()


def sha256_of(path: Path) -> str:
    """Compute the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _digest(arrays: Arrays) -> str:
    total = hashlib.sha256()
    for name in sorted(arrays):
        total.update(f"{name} {arrays[name].dtype} {arrays[name].shape}\n".encode())
        total.update(arrays[name].tobytes())
    return total.hexdigest()


def _write(path: Path, arrays: Arrays, about: Mapping[str, str]) -> None:
    contiguous = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    # One key, because safetensors writes several in random order and equal models should be equal files.
    metadata = {"about": json.dumps({"format": FORMAT, "digest": _digest(contiguous), **about})}

    def write(draft: Path) -> None:
        save_file(contiguous, draft, metadata)
        draft.chmod(0o644)  # safetensors writes files that only their owner can read

    write_atomically(path, write)


def _metadata(path: Path, *, what: str) -> dict[str, str]:
    try:
        with safe_open(path, framework="numpy") as file:
            about = json.loads((file.metadata() or {})["about"])
    except FileNotFoundError:
        raise ConfigError(f"There is no {what} in {path.parent.name}: it has no file {path.name}.") from None
    except (SafetensorError, OSError, KeyError, ValueError):
        raise ConfigError(
            f"The {what} file in {path.parent.name} is damaged or not of this program."
        ) from None
    if not isinstance(about, dict) or about.get("format") != FORMAT:
        raise ConfigError(f"The {what} file in {path.parent.name} has another format than {FORMAT!r}.")
    return about


def _read(path: Path, *, what: str) -> tuple[dict[str, str], dict[str, NDArray[Any]]]:
    about = _metadata(path, what=what)
    with safe_open(path, framework="numpy") as file:
        arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
    if _digest(arrays) != about.get("digest"):
        raise ConfigError(f"The {what} file in {path.parent.name} is damaged; make the {what} again.")
    return about, arrays
