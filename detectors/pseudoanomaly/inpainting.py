"""Pseudo-anomalies by diffusion models on this machine, made before training and kept (Rai et al., section 3.1).

    python -m detectors.pseudoanomaly.inpainting trust ENCODER DECODER DIFFUSION

takes the paper's inpainter (CompVis latent diffusion, inpainting_big) as three TorchScript files. A TorchScript
file is a program, so it is run only from the weights folder and only if its SHA-256 stands in SHA256SUMS there,
which nothing but this command writes: somebody with a shell on this machine has said that these very bytes
may run. No setting, upload or model file can name another file. A diffusers pipeline is read from
diffusers-inpainting/ in the weights folder, from .safetensors and JSON alone.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import shutil
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from detectors import weights
from detectors.artifacts import sha256_of, write_atomically
from detectors.base import Meter, MissingWeights, ProgressCallback
from detectors.field_cache import FieldCache
from detectors.pseudoanomaly import fills, masks
from detectors.pseudoanomaly.config import PseudoAnomalyConfig
from detectors.pseudoanomaly.material import Stretch
from detectors.pseudoanomaly.network import WINDOW

Inpainted = tuple[int, int, NDArray[np.uint8]]
"""A stretch, the first frame of a window in it, and what became of its pictures, (16, C, S, S)."""

LDM_FOLDER, LDM_FILES = "ldm-inpainting", ("encoder.pt", "decoder.pt", "diffusion.pt")
DIFFUSERS_FOLDER = "diffusers-inpainting"
SUMS = "SHA256SUMS"

_SIDE = 256  # of the pictures that are inpainted (paper)
_STEPS = 1000
_BETAS = (0.0015, 0.0205)
_EMBEDDING = 256


class Inpainter(Protocol):
    """Fills holes in pictures. fingerprint: changes when the fillings would."""

    fingerprint: str

    def fill(self, pictures: NDArray[np.uint8], holes: masks.Mask, *, seed: int) -> NDArray[np.uint8]:
        """Fill RGB pictures (B, 3, 256, 256) where holes (B, 256, 256) are True."""
        ...


class LatentDiffusion:
    """The inpainter of CompVis (Rombach et al. 2022), sampled by DDIM without noise (Song et al. 2021, eq. 12).

    Raises MissingWeights, or BadWeights for files that nobody trusted or that do something else.
    """

    def __init__(self, *, steps: int, device: torch.device) -> None:
        folder = weights.folder() / LDM_FOLDER
        trusted = _sums(folder)
        self._encoder, self._decoder, self._diffusion = (
            _trusted(folder / name, trusted.get(name), device) for name in LDM_FILES
        )
        self._device, self._steps = device, steps
        self.fingerprint = f"ldm {steps} {' '.join(trusted[name] for name in LDM_FILES)}"
        self._check()

    @torch.inference_mode()
    def fill(self, pictures: NDArray[np.uint8], holes: masks.Mask, *, seed: int) -> NDArray[np.uint8]:
        hole = torch.from_numpy(holes)[:, None].float()
        picture = torch.from_numpy(pictures).float() / 255
        # Zeros where the hole is, before everything goes to [-1, 1], the hole itself too.
        masked = ((1 - hole) * picture * 2 - 1).to(self._device)
        condition = self._encoder(masked)  # (B, 3, 64, 64)
        small = functional.interpolate((hole * 2 - 1).to(self._device), size=condition.shape[-2:])
        condition = torch.cat([condition, small], dim=1)
        noise = torch.randn(condition[:, :3].shape, generator=torch.Generator().manual_seed(seed))
        latent = self._sample(noise.to(self._device), condition)
        decoded = ((self._decoder(latent).float().cpu() + 1) / 2).clamp(0, 1)
        filled = (1 - hole) * picture + hole * decoded
        return (filled * 255).round().to(torch.uint8).numpy()

    def _sample(self, x: Tensor, condition: Tensor) -> Tensor:
        betas = torch.linspace(_BETAS[0] ** 0.5, _BETAS[1] ** 0.5, _STEPS, dtype=torch.float64).square()
        kept = torch.cumprod(1 - betas, 0)
        times = np.arange(0, _STEPS, max(1, _STEPS // self._steps)) + 1
        times = times[times < _STEPS]
        before = [kept[0], *kept[times[:-1]]]
        for time, previous in reversed(list(zip(times, before, strict=True))):
            now = kept[time]
            embedding = _embedding(int(time)).expand(len(x), -1).to(x)
            noise = self._diffusion(x, embedding, condition)
            clean = (x - float((1 - now).sqrt()) * noise) / float(now.sqrt())
            x = float(previous.sqrt()) * clean + float((1 - previous).sqrt()) * noise
        return x

    def _check(self) -> None:
        picture = torch.zeros(1, 3, 64, 64, device=self._device)
        try:
            with torch.inference_mode():
                latent = self._encoder(picture)
                four = torch.cat([latent, latent[:, :1]], dim=1)
                noise = self._diffusion(latent, _embedding(1).to(latent), four)
                shapes = [tuple(latent.shape), tuple(noise.shape), tuple(self._decoder(latent).shape)]
        except RuntimeError as error:
            reason = str(error).strip().splitlines()[-1]
            raise weights.BadWeights(f"The files in {LDM_FOLDER} are not the inpainter: {reason}") from None
        if shapes != [(1, 3, 16, 16), (1, 3, 16, 16), (1, 3, 64, 64)]:
            raise weights.BadWeights(f"The files in {LDM_FOLDER} are not the inpainter: they give {shapes}.")


class Pipeline:
    """An inpainting pipeline of the package diffusers, from a folder. Raises MissingWeights."""

    def __init__(self, *, steps: int, device: torch.device) -> None:
        folder = weights.folder() / DIFFUSERS_FOLDER
        index = folder / "model_index.json"
        if not index.is_file():
            raise MissingWeights(
                f"There is no diffusers pipeline: put one with a model_index.json and .safetensors files into "
                f"{folder}, or choose inpainter=none."
            )
        try:
            from diffusers import AutoPipelineForInpainting
        except ImportError:
            raise MissingWeights(
                "inpainter=diffusers needs the packages diffusers and transformers: "
                "pip install diffusers transformers."
            ) from None
        self._pipeline: Any = AutoPipelineForInpainting.from_pretrained(
            str(folder), local_files_only=True, use_safetensors=True, trust_remote_code=False
        ).to(device)
        self._pipeline.set_progress_bar_config(disable=True)
        self._steps = steps
        total = hashlib.sha256()
        for file in sorted(folder.rglob("*.safetensors")):
            total.update(f"{file.relative_to(folder)} {sha256_of(file)}\n".encode())
        self.fingerprint = f"diffusers {steps} {sha256_of(index)} {total.hexdigest()}"

    def fill(self, pictures: NDArray[np.uint8], holes: masks.Mask, *, seed: int) -> NDArray[np.uint8]:
        hole = torch.from_numpy(holes)[:, None].float()
        picture = torch.from_numpy(pictures).float() / 255
        found = self._pipeline(
            prompt=[""] * len(pictures),
            image=picture,
            mask_image=hole,
            height=_SIDE,
            width=_SIDE,
            num_inference_steps=self._steps,
            generator=torch.Generator().manual_seed(seed),
            output_type="np",
        ).images
        filled = torch.from_numpy(np.asarray(found, np.float32)).permute(0, 3, 1, 2)
        mixed = (1 - hole) * picture + hole * filled
        return (mixed * 255).round().clamp(0, 255).to(torch.uint8).numpy()


def make(config: PseudoAnomalyConfig, *, device: torch.device) -> Inpainter | None:
    """Load the inpainter that the settings ask for, or None if they ask for none.

    Raises MissingWeights or BadWeights.
    """
    if not config.uses_appearance or "inpainted" not in config.appearance_pseudo_anomalies:
        return None
    kind = LatentDiffusion if config.inpainter == "ldm" else Pipeline
    return kind(steps=config.inpainter_steps, device=device)


def precompute(
    stretches: Sequence[Stretch],
    config: PseudoAnomalyConfig,
    inpainter: Inpainter,
    *,
    seed: int,
    cache: FieldCache | None,
    progress: ProgressCallback,
) -> list[Inpainted]:
    """Inpaint one thing in each of some windows that are spread over the footage.

    What was made before for the same pictures, holes and model is taken from the cache; a damaged entry is
    made again.
    """
    windows = [(i, int(start)) for i, stretch in enumerate(stretches) for start in stretch.starts()]
    places = np.linspace(0, len(windows) - 1, min(config.inpainted_clips, len(windows))).astype(int)
    meter = Meter(progress, "inpainting", len(places) * WINDOW)
    found: list[Inpainted] = []
    for number, (index, start) in enumerate(windows[place] for place in places):
        random = np.random.default_rng([seed, 3, number])
        clip = stretches[index].clip(start)
        holes = masks.clip_masks(
            stretches[index].things(start),
            config.size,
            WINDOW,
            preset=config.irregular_masks,
            coherent=config.coherent,
            random=random,
        )
        filled = clip.copy()
        for n in range(WINDOW):
            if holes[n].any():
                filled[n] = _kept(clip[n], holes[n], inpainter, seed=number, cache=cache)
            meter.advance()
        found.append((index, start, filled))
    return found


def _kept(
    picture: fills.Picture, hole: masks.Mask, inpainter: Inpainter, *, seed: int, cache: FieldCache | None
) -> fills.Picture:
    what = hashlib.sha256(f"inpainted 1 {inpainter.fingerprint} {seed} {picture.shape}".encode())
    what.update(np.ascontiguousarray(picture).tobytes())
    what.update(np.packbits(hole).tobytes())
    key = f"inpainted-{what.hexdigest()}"
    kept = cache.read(key, shape=picture.shape) if cache else None
    if kept is not None:
        return kept.astype(np.uint8)
    rgb = np.repeat(picture, 3, axis=0) if len(picture) == 1 else picture
    large = cv2.resize(rgb.transpose(1, 2, 0), (_SIDE, _SIDE), interpolation=cv2.INTER_CUBIC)
    wide = cv2.resize(hole.astype(np.uint8), (_SIDE, _SIDE), interpolation=cv2.INTER_NEAREST).astype(np.bool_)
    filled = inpainter.fill(large.transpose(2, 0, 1)[None].astype(np.uint8), wide[None], seed=seed)[0]
    side = picture.shape[-1]
    small = cv2.resize(filled.transpose(1, 2, 0), (side, side), interpolation=cv2.INTER_AREA).transpose(
        2, 0, 1
    )
    if len(picture) == 1:
        small = np.rint(small.mean(0, keepdims=True)).astype(np.uint8)
    small = np.where(hole, small, picture)
    if cache:
        cache.write(key, small.astype(np.float16))
    return small


def _embedding(time: int) -> Tensor:
    """Encode a time step as the network expects it: (1, 256), cosines before sines."""
    half = _EMBEDDING // 2
    frequencies = torch.exp(-np.log(10_000) * torch.arange(half) / half)
    return torch.cat([torch.cos(time * frequencies), torch.sin(time * frequencies)])[None]


def _sums(folder: Path) -> dict[str, str]:
    try:
        lines = (folder / SUMS).read_text().splitlines()
    except OSError:
        raise MissingWeights(
            f"The paper's inpainter is not on this machine. Get its three TorchScript files and run `python -m "
            f"{__spec__.name if __spec__ else 'detectors.pseudoanomaly.inpainting'} trust ENCODER DECODER "
            "DIFFUSION`, or choose inpainter=none."
        ) from None
    pairs = (line.split(maxsplit=1) for line in lines if len(line.split(maxsplit=1)) == 2)
    return {name.lstrip("*"): digest for digest, name in pairs}


def _trusted(file: Path, digest: str | None, device: torch.device) -> Any:
    """Load a TorchScript file if its bytes are those that somebody trusted."""
    try:
        data = file.read_bytes()
    except OSError:
        raise MissingWeights(
            f"{LDM_FOLDER}/{file.name} is not in the weights folder; trust it again."
        ) from None
    # The bytes that were checked are the bytes that are loaded.
    if digest is None or hashlib.sha256(data).hexdigest() != digest:
        raise weights.BadWeights(
            f"{file.name} is not the file that was trusted, so it will not be run; trust it again if it is right."
        )
    try:
        return torch.jit.load(io.BytesIO(data), map_location=device).eval()
    except RuntimeError:
        raise weights.BadWeights(f"{file.name} is no TorchScript file.") from None


def trust(encoder: Path, decoder: Path, diffusion: Path) -> Path:
    """Copy the three files into the weights folder and note that their bytes may run. Runs none of them."""
    folder = weights.folder() / LDM_FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for source, name in zip((encoder, decoder, diffusion), LDM_FILES, strict=True):
        write_atomically(folder / name, partial(_copy, source))
    lines = "".join(f"{sha256_of(folder / name)}  {name}\n" for name in LDM_FILES)
    write_atomically(folder / SUMS, partial(_write, lines))
    return folder


def _copy(source: Path, draft: Path) -> None:
    shutil.copyfile(source, draft)


def _write(text: str, draft: Path) -> None:
    draft.write_text(text)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give the exit code."""
    parser = argparse.ArgumentParser(prog="python -m detectors.pseudoanomaly.inpainting")
    commands = parser.add_subparsers(required=True, dest="command")
    add = commands.add_parser("trust", help="let three TorchScript files run on this machine")
    for name in ("encoder", "decoder", "diffusion"):
        add.add_argument(name, type=Path)
    asked = parser.parse_args(arguments)
    try:
        folder = trust(asked.encoder, asked.decoder, asked.diffusion)
    except OSError as error:
        print(f"error: {error.filename or 'A file'}: {error.strerror or error}.", file=sys.stderr)
        return 2
    print((folder / SUMS).read_text(), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
