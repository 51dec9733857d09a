"""Pretrained files: where they come from, what they must be, and the folder they are used from.

Nothing is downloaded unless somebody says so:

    python -m detectors.weights list
    python -m detectors.weights fetch NAME
    python -m detectors.weights adopt NAME FILE

`fetch` checks size and SHA-256 against the values below. `adopt` takes a file that is already on this machine.
Both turn a checkpoint of torch into a .safetensors file in the folder, which cannot run code; detectors read nothing
else. Models that come as .onnx or .tflite, which hold no code either, are kept as they are, under their published
names, and checked again each time they are found. The folder is ~/.cache/vadreview/weights, or what VADREVIEW_WEIGHTS names; for a machine without a network, copy the
folder.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
import tempfile
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from detectors.artifacts import sha256_of, write_atomically
from detectors.base import DetectorError, MissingWeights

if TYPE_CHECKING:
    from torch import Tensor

FOLDER_VARIABLE = "VADREVIEW_WEIGHTS"


class BadWeights(DetectorError):
    """A pretrained file is not what it should be."""


@dataclass(frozen=True, slots=True)
class Pretrained:
    """A pretrained file. url, size and sha256 are of the published file; None where there is no stable one.

    terms: what the licence says, as far as it is stated.
    file: the published name of a file that is used as it is. others: SHA-256 of further exports of the same network
    that do as well.
    """

    title: str
    source: str
    terms: str
    url: str | None = None
    size: int | None = None
    sha256: str | None = None
    file: str | None = None
    others: tuple[str, ...] = ()


PRETRAINED: dict[str, Pretrained] = {
    "r3d18": Pretrained(
        title="R3D-18 trained on Kinetics-400 (torchvision KINETICS400_V1)",
        source="https://pytorch.org/vision/stable/models/video_resnet.html",
        terms="BSD-3 for the repository; terms of Kinetics may apply to the weights",
        url="https://download.pytorch.org/models/r3d_18-b3b3357e.pth",
        size=133_546_016,
        sha256="b3b3357ead25631ec9c57362ff2128a92d0427e01e2cd184951a44380c3f2e9d",
    ),
    "r3d18-kinetics700": Pretrained(
        title="3D ResNet-18 trained on Kinetics-700 (r3d18_K_200ep or r3d18_KM_200ep)",
        source="https://github.com/kenshohara/3D-ResNets-PyTorch (its Google Drive folder)",
        terms="MIT for the code; not stated for the weights. Moments in Time is for research only",
    ),
    "resnext101": Pretrained(
        title="3D ResNeXt-101 trained on Kinetics-400 (resnext-101-kinetics, 2018)",
        source="https://github.com/kenshohara/3D-ResNets-PyTorch (its Google Drive folder)",
        terms="MIT for the code; not stated for the weights",
    ),
    "clip-vit-b16": Pretrained(
        title="CLIP ViT-B/16 of OpenAI, its image encoder (describes pictures)",
        source="https://huggingface.co/openai/clip-vit-base-patch16 (model.safetensors)",
        terms="MIT for the code; the weights are published for research",
    ),
    "vificlip-vit-b16": Pretrained(
        title="ViFi-CLIP ViT-B/16 trained on Kinetics-400, its image encoder (describes videos)",
        source="https://github.com/muzairkhattak/ViFi-CLIP (its table of models)",
        terms="not stated",
    ),
    "yolox-nano": Pretrained(
        title="YOLOX-Nano trained on COCO, 416 x 416 (finds people)",
        source="https://github.com/Megvii-BaseDetection/YOLOX (release 0.1.1rc0)",
        terms="Apache-2.0",
        url="https://github.com/Megvii-BaseDetection/YOLOX/releases/download/0.1.1rc0/yolox_nano.onnx",
        size=3_659_407,
        sha256="c789161ed43c8269fcd4e67c67eeeb4e80c622da2eb296a20bc6007bd18a0b7d",
        file="yolox_nano.onnx",
        # the same network, exported again, raw grid and all
        others=("695e750a5d5754bb5a8d5325643b59282191a7e7a564e435a415fd3c578eab14",),
    ),
    "movenet-lightning": Pretrained(
        title="MoveNet SinglePose Lightning, int8, version 4 (finds joints)",
        source="https://www.kaggle.com/models/google/movenet",
        terms="Apache-2.0",
        url="https://storage.googleapis.com/tfhub-lite-models/google/lite-model/movenet/singlepose/lightning/tflite/int8/4.tflite",
        size=2_894_840,
        sha256="cd7cc22fa946e5d146a7b98d496853e1923e22828d3972d579973f27f91bb105",
        file="movenet_lightning_int8_4.tflite",
    ),
}


def folder() -> Path:
    """Say where pretrained files are used from."""
    named = os.environ.get(FOLDER_VARIABLE)
    return Path(named) if named else Path.home() / ".cache" / "vadreview" / "weights"


def path(name: str) -> Path:
    """Find a pretrained file. Raises MissingWeights, which says how to get it."""
    about = PRETRAINED[name]
    file = place(name)
    if file.is_file():
        if about.file and _digest(file) not in (about.sha256, *about.others):
            raise MissingWeights(
                f"{file.name} in the folder of weights is not {about.title}: its SHA-256 is another one. Delete it and "
                f"run `python -m detectors.weights fetch {name}`."
            )
        return file
    get = f"run `python -m detectors.weights fetch {name}`"
    if about.url is None:
        get = f"get it from {about.source} and run `python -m detectors.weights adopt {name} FILE`"
    raise MissingWeights(
        f"The weights {name} ({about.title}) are not on this machine: {get}, or let {FOLDER_VARIABLE} name a folder "
        "that holds them."
    )


def place(name: str) -> Path:
    """Say where a pretrained file is, or would be."""
    return folder() / (PRETRAINED[name].file or f"{name}.safetensors")


def _digest(file: Path) -> str:
    status = file.stat()
    return _digest_once(file, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=16)
def _digest_once(file: Path, changed_ns: int, size: int) -> str:
    return sha256_of(file)


def fetch(name: str) -> Path:
    """Download a pretrained file and make it ready. Raises BadWeights, or OSError where the network fails."""
    about = _about(name)
    if about.url is None or about.size is None:
        raise BadWeights(f"{name} has no stable address; download it from {about.source} and adopt the file.")
    folder().mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder(), prefix=".draft-") as draft:
        with urllib.request.urlopen(about.url, timeout=60) as answer:
            shutil.copyfileobj(_AtMost(answer, about.size), draft)
        draft.flush()
        return adopt(name, Path(draft.name))


def adopt(name: str, file: Path) -> Path:
    """Make a file on this machine ready for use. Raises BadWeights if it is not the right one."""
    about = _about(name)
    size, digest = file.stat().st_size, sha256_of(file)
    if digest not in about.others:
        if about.size is not None and size != about.size:
            raise BadWeights(f"{name} should have {about.size} bytes, this file has {size}; get it again.")
        if about.sha256 is not None and digest != about.sha256:
            raise BadWeights(
                f"The SHA-256 of {name} should be {about.sha256}, this file's is {digest}; get it again."
            )
    if about.file:

        def copy(draft: Path) -> None:
            shutil.copyfile(file, draft)

        write_atomically(place(name), copy)
        return place(name)
    # torch is needed from here on, not to list or to find files.
    from safetensors.torch import save_file

    from detectors.features import clip_images, pretrained

    fitting = clip_images.fitting if name in clip_images.RECIPES else pretrained.fitting
    tensors = fitting(name, state_dict(file))
    target = place(name)
    write_atomically(target, lambda draft: save_file(tensors, draft, {"source_sha256": digest}))
    return target


def matching(
    name: str,
    wanted: Mapping[str, Sequence[int]],
    given: Mapping[str, Tensor],
    *,
    filled: Mapping[str, Tensor] | None = None,
) -> dict[str, Tensor]:
    """Choose the tensors of a network from its names and shapes `wanted`, as float32.

    filled: what stands for some that may be absent. Raises BadWeights, which names what is missing, unknown, of
    another shape or not finite.
    """
    import torch

    both = {**(filled or {}), **given}
    problems = {
        "missing": sorted(wanted.keys() - both.keys()),
        "unknown": sorted(given.keys() - wanted.keys()),
        "of another shape": [
            f"{key} is {list(given[key].shape)}, should be {list(wanted[key])}"
            for key in sorted(wanted.keys() & given.keys())
            if tuple(given[key].shape) != tuple(wanted[key])
        ],
        "not finite": [key for key in sorted(given) if not torch.isfinite(given[key]).all()],
    }
    said = [f"{kind}: {_some(keys)}" for kind, keys in problems.items() if keys]
    if said:
        raise BadWeights(f"The file does not hold the weights of {name}; {'; '.join(said)}.")
    return {
        key: both[key].float().contiguous() if both[key].is_floating_point() else both[key] for key in wanted
    }


def _some(keys: list[str]) -> str:
    return ", ".join(keys[:5]) + (f" and {len(keys) - 5} more" if len(keys) > 5 else "")


class _Settings:
    """Holds the settings in a checkpoint, in place of argparse.Namespace; nobody looks at them."""


def _reason(error: Exception) -> str:
    """Say why torch refused a file, without its advice to run the file's code."""
    text = str(error)
    if asked := re.search(r"(?:GLOBAL|global:?) ([\w.]+)", text):
        return f"it asks for {asked[1]}, which weights have no need of. Get the file again from its authors."
    if text.startswith("Weights only load failed"):
        return "it is not made of tensors."
    return text.splitlines()[0] if text else type(error).__name__


def state_dict(file: Path) -> dict[str, Tensor]:
    """Read tensors by name from a .safetensors file or a checkpoint of torch.

    A checkpoint is read by torch's restricted reader, which builds tensors and plain containers and refuses
    everything else; the settings that many keep beside the weights become an object without any code.
    "state_dict" or "model" is unwrapped and "module." taken off the names. Raises BadWeights.
    """
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    if file.suffix == ".safetensors":
        try:
            return load_file(file)
        except SafetensorError as error:
            raise BadWeights(f"{file.name} is not a .safetensors file: {error}.") from None
    try:
        with torch.serialization.safe_globals([(_Settings, "argparse.Namespace")]):
            found: Any = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds for what is no checkpoint
        raise BadWeights(
            f"{file.name} is not a checkpoint that can be read safely: {_reason(error)}"
        ) from None
    for wrapped in ("state_dict", "model"):
        if isinstance(found, Mapping) and isinstance(found.get(wrapped), Mapping):
            found = found[wrapped]
            break
    if not isinstance(found, Mapping) or not all(isinstance(value, torch.Tensor) for value in found.values()):
        raise BadWeights(f"{file.name} does not hold tensors by name, so it is no file of weights.")
    return {str(name).removeprefix("module."): value for name, value in found.items()}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give the exit code."""
    parser = argparse.ArgumentParser(prog="python -m detectors.weights", description="Pretrained files.")
    commands = parser.add_subparsers(required=True, dest="command")
    commands.add_parser("list", help="what there is, and what is on this machine")
    add = commands.add_parser("fetch", help="download one")
    add.add_argument("name", choices=[name for name, about in PRETRAINED.items() if about.url])
    add = commands.add_parser("adopt", help="take one from a file")
    add.add_argument("name", choices=list(PRETRAINED))
    add.add_argument("file", type=Path)
    options = parser.parse_args(arguments)
    try:
        if options.command == "list":
            for name, about in PRETRAINED.items():
                ready = "ready" if place(name).is_file() else "not on this machine"
                print(f"{name}: {about.title}, {ready}\n    {about.source}\n    {about.terms}")
        elif options.command == "fetch":
            print(fetch(options.name))
        else:
            print(adopt(options.name, options.file))
    except (DetectorError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def _about(name: str) -> Pretrained:
    if name not in PRETRAINED:
        raise BadWeights(f"There are no weights {name!r}; there are {', '.join(PRETRAINED)}.")
    return PRETRAINED[name]


class _AtMost:
    """Reads a stream, and no more of it than there should be."""

    def __init__(self, stream: Any, size: int) -> None:
        self._stream = stream
        self._left = size

    def read(self, length: int = -1) -> bytes:
        found = self._stream.read(length)
        self._left -= len(found)
        if self._left < 0:
            raise BadWeights(
                "The download is larger than it should be, so it is another file; nothing was kept."
            )
        return found


if __name__ == "__main__":
    sys.exit(main())
