"""CLIP's image encoder (Radford et al. 2021) and its descendants: pictures -> 512 numbers each.

Layers have OpenAI's names. ViFi-CLIP (Rasheed et al. 2023) is the same network trained on, whose description of a
video is the mean over its frames. Weights come from this machine, see `detectors.weights`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from detectors import weights
from detectors.artifacts import sha256_of

DIMENSION = 512
"""Numbers that describe a picture."""

_SIDE = 224


class _QuickGelu(nn.Module):
    """x * sigmoid(1.702 x), in place of the exact GELU, as the published weights expect it."""

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(1.702 * x)


class _Block(nn.Module):
    """Attention between patches, then two layers for each; both add to what comes in."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.attn = nn.MultiheadAttention(width, heads, batch_first=True)
        self.ln_1 = nn.LayerNorm(width)
        self.mlp = nn.Sequential()
        self.mlp.add_module("c_fc", nn.Linear(width, 4 * width))
        self.mlp.add_module("gelu", _QuickGelu())
        self.mlp.add_module("c_proj", nn.Linear(4 * width, width))
        self.ln_2 = nn.LayerNorm(width)

    def forward(self, x: Tensor) -> Tensor:
        seen = self.ln_1(x)
        x = x + self.attn(seen, seen, seen, need_weights=False)[0]
        return x + self.mlp(self.ln_2(x))


class ImageTransformer(nn.Module):
    """Describes pictures: normalised (B, 3, 224, 224) -> (B, 512)."""

    def __init__(self, *, patch: int = 16, width: int = 768, layers: int = 12, heads: int = 12) -> None:
        super().__init__()
        self.class_embedding = nn.Parameter(torch.zeros(width))
        self.positional_embedding = nn.Parameter(torch.zeros((_SIDE // patch) ** 2 + 1, width))
        self.proj = nn.Parameter(torch.zeros(width, DIMENSION))
        self.conv1 = nn.Conv2d(3, width, patch, stride=patch, bias=False)
        self.ln_pre = nn.LayerNorm(width)
        blocks = nn.Sequential(*(_Block(width, heads) for _ in range(layers)))
        self.transformer = nn.ModuleDict({"resblocks": blocks})
        self.ln_post = nn.LayerNorm(width)

    def forward(self, pictures: Tensor) -> Tensor:
        patches = self.conv1(pictures).flatten(2).transpose(1, 2)  # (B, patches, width)
        first = self.class_embedding.expand(len(patches), 1, -1)
        x = self.ln_pre(torch.cat([first, patches], dim=1) + self.positional_embedding)
        return self.ln_post(self.transformer["resblocks"](x)[:, 0]) @ self.proj


@dataclass(frozen=True, slots=True)
class Recipe:
    """A network and the pictures it was trained on.

    mean, deviation: of each channel, on pixels from 0 to 1. resized: side to which a picture is brought before the
    square of 224 in its centre is cut out. whole: whether a window is the mean of all its frames, or its 9th.
    """

    make: Callable[[], ImageTransformer]
    mean: tuple[float, float, float]
    deviation: tuple[float, float, float]
    resized: int
    whole: bool


RECIPES: dict[str, Recipe] = {
    "clip-vit-b16": Recipe(
        ImageTransformer,
        mean=(0.48145466, 0.4578275, 0.40821073),
        deviation=(0.26862954, 0.26130258, 0.27577711),
        resized=_SIDE,
        whole=False,
    ),
    # Its code prepares pictures as for ImageNet, not as CLIP does.
    "vificlip-vit-b16": Recipe(
        ImageTransformer,
        mean=(123.675 / 255, 116.28 / 255, 103.53 / 255),
        deviation=(58.395 / 255, 57.12 / 255, 57.375 / 255),
        resized=256,
        whole=True,
    ),
}


class ClipWindows:
    """Describes windows of pictures by a CLIP network. Raises MissingWeights or BadWeights.

    fingerprint: 16 characters that tell weights apart.
    """

    def __init__(self, name: str, *, device: torch.device | str = "cpu") -> None:
        file = weights.path(name)
        self._recipe = RECIPES[name]
        with torch.device("meta"):
            network = self._recipe.make()
        network.load_state_dict(fitting(name, load_file(file)), assign=True)
        self.network = network.eval().requires_grad_(False).to(device)
        self.fingerprint = sha256_of(file)[:16]

    @torch.inference_mode()
    def describe(self, windows: Tensor) -> Tensor:
        """Describe windows (B, C, 16, S, S) from -1 to 1, C = 1 or 3 (RGB): (B, 512), of any length."""
        count, _, length = windows.shape[:3]
        if not count:
            return windows.new_empty((0, DIMENSION))
        frames = windows if self._recipe.whole else windows[:, :, length // 2 : length // 2 + 1]
        pictures = frames.transpose(1, 2).flatten(0, 1)  # (B * frames, C, S, S)
        found = self.network(self._prepared(pictures))
        return found.unflatten(0, (count, -1)).mean(1)

    def _prepared(self, pictures: Tensor) -> Tensor:
        recipe = self._recipe
        scaled = functional.interpolate(
            (pictures.float() + 1) / 2, size=(recipe.resized,) * 2, mode="bicubic", antialias=True
        ).clamp(0, 1)
        edge = (recipe.resized - _SIDE) // 2
        cut = scaled[:, :, edge : edge + _SIDE, edge : edge + _SIDE].expand(-1, 3, -1, -1)
        mean, deviation = cut.new_tensor(recipe.mean), cut.new_tensor(recipe.deviation)
        return (cut - mean[:, None, None]) / deviation[:, None, None]


def fitting(name: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Choose the tensors of the image encoder, as float32; those of a text encoder are left out.

    Takes OpenAI's names, with or without the prefix of their whole model or of ViFi-CLIP's, and those of the library
    transformers. Raises BadWeights, which names what is missing, unknown, of another shape or not finite.
    """
    with torch.device("meta"):
        wanted = {key: value.shape for key, value in RECIPES[name].make().state_dict().items()}
    return weights.matching(name, wanted, _openai_names(tensors))


def _openai_names(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    for prefix in ("visual.", "image_encoder."):
        found = {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}
        if found:
            return found
    if any(key.startswith("vision_model.") for key in tensors):
        return _from_transformers(tensors)
    return dict(tensors)


_TOP_NAMES = {
    "vision_model.embeddings.class_embedding": "class_embedding",
    "vision_model.embeddings.patch_embedding.weight": "conv1.weight",
    "vision_model.embeddings.position_embedding.weight": "positional_embedding",
    "vision_model.pre_layrnorm.weight": "ln_pre.weight",
    "vision_model.pre_layrnorm.bias": "ln_pre.bias",
    "vision_model.post_layernorm.weight": "ln_post.weight",
    "vision_model.post_layernorm.bias": "ln_post.bias",
}
_BLOCK_NAMES = {
    "self_attn.out_proj": "attn.out_proj",
    "layer_norm1": "ln_1",
    "layer_norm2": "ln_2",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
}


def _from_transformers(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Rename; the three projections of attention lie one below the other in OpenAI's layout."""
    found: dict[str, Tensor] = {}
    for key, value in tensors.items():
        if key in _TOP_NAMES:
            found[_TOP_NAMES[key]] = value
        elif key == "visual_projection.weight":
            found["proj"] = value.T
        elif of_block := re.fullmatch(r"vision_model\.encoder\.layers\.(\d+)\.(.+)\.(weight|bias)", key):
            block, layer, kind = of_block.groups()
            target = f"transformer.resblocks.{block}"
            parts = [
                tensors.get(key.replace(f".{layer}.", f".self_attn.{part}_proj.")) for part in ("q", "k", "v")
            ]
            if layer == "self_attn.q_proj" and all(part is not None for part in parts):
                found[f"{target}.attn.in_proj_{kind}"] = torch.cat(parts)  # type: ignore[arg-type]
            elif layer in _BLOCK_NAMES:
                found[f"{target}.{_BLOCK_NAMES[layer]}.{kind}"] = value
            elif not re.fullmatch(r"self_attn\.[qkv]_proj", layer):
                found[key] = value
        elif key.startswith("vision_model.") and not key.endswith("position_ids"):
            found[key] = value  # unknown, and to be named as such
    return found
