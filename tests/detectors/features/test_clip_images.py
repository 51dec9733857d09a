"""CLIP's image encoder: layers as published, every layout of them, and what it makes of windows."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from detectors import weights
from detectors.base import MissingWeights
from detectors.features import clip_images
from detectors.features.clip_images import ClipWindows, ImageTransformer, Recipe, fitting

NAME = "clip-vit-b16"


def tiny() -> ImageTransformer:
    return ImageTransformer(patch=112, width=8, layers=2, heads=2)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch) -> Path:
    """A folder of weights, and networks of the published kind but small."""
    for name, recipe in clip_images.RECIPES.items():
        small = Recipe(tiny, recipe.mean, recipe.deviation, recipe.resized, recipe.whole)
        monkeypatch.setitem(clip_images.RECIPES, name, small)
    monkeypatch.setenv(weights.FOLDER_VARIABLE, str(tmp_path))
    return tmp_path


def random_weights() -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    return {key: torch.randn(value.shape) / 4 for key, value in tiny().state_dict().items()}


def of_transformers(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The same weights with the names of the library transformers, and some of its text encoder."""
    found = {
        "vision_model.embeddings.class_embedding": tensors["class_embedding"],
        "vision_model.embeddings.patch_embedding.weight": tensors["conv1.weight"],
        "vision_model.embeddings.position_embedding.weight": tensors["positional_embedding"],
        "vision_model.embeddings.position_ids": torch.arange(5)[None],
        "visual_projection.weight": tensors["proj"].T.contiguous(),
        "text_projection.weight": torch.zeros(2, 2),
        "logit_scale": torch.zeros(()),
    }
    for kind in ("weight", "bias"):
        found[f"vision_model.pre_layrnorm.{kind}"] = tensors[f"ln_pre.{kind}"]
        found[f"vision_model.post_layernorm.{kind}"] = tensors[f"ln_post.{kind}"]
        for block in range(2):
            theirs, ours = f"vision_model.encoder.layers.{block}", f"transformer.resblocks.{block}"
            q, k, v = tensors[f"{ours}.attn.in_proj_{kind}"].chunk(3)
            found |= {
                f"{theirs}.self_attn.q_proj.{kind}": q.clone(),
                f"{theirs}.self_attn.k_proj.{kind}": k.clone(),
                f"{theirs}.self_attn.v_proj.{kind}": v.clone(),
                f"{theirs}.self_attn.out_proj.{kind}": tensors[f"{ours}.attn.out_proj.{kind}"],
                f"{theirs}.layer_norm1.{kind}": tensors[f"{ours}.ln_1.{kind}"],
                f"{theirs}.layer_norm2.{kind}": tensors[f"{ours}.ln_2.{kind}"],
                f"{theirs}.mlp.fc1.{kind}": tensors[f"{ours}.mlp.c_fc.{kind}"],
                f"{theirs}.mlp.fc2.{kind}": tensors[f"{ours}.mlp.c_proj.{kind}"],
            }
    return found


def test_the_published_network_has_its_layers_and_number_of_weights():
    with torch.device("meta"):
        shapes = {key: tuple(value.shape) for key, value in ImageTransformer().state_dict().items()}

    assert sum(torch.Size(shape).numel() for shape in shapes.values()) == 86_192_640
    assert shapes["conv1.weight"] == (768, 3, 16, 16)
    assert shapes["positional_embedding"] == (197, 768)
    assert shapes["transformer.resblocks.11.attn.in_proj_weight"] == (2304, 768)
    assert shapes["transformer.resblocks.0.mlp.c_fc.weight"] == (3072, 768)
    assert shapes["proj"] == (768, 512)


def test_it_computes_what_the_paper_of_the_transformer_says():
    """Written down again with plain tensor arithmetic, one head and one layer after the other."""
    network = tiny().eval()
    network.load_state_dict(random_weights())
    picture = torch.randn(1, 3, 224, 224)

    w = network.state_dict()

    def norm(x, name):
        x = (x - x.mean(-1, keepdim=True)) / (x.var(-1, unbiased=False, keepdim=True) + 1e-5).sqrt()
        return x * w[f"{name}.weight"] + w[f"{name}.bias"]

    corners = [(0, 0), (0, 112), (112, 0), (112, 112)]
    patches = [
        (picture[0, :, y : y + 112, x : x + 112] * w["conv1.weight"]).sum((1, 2, 3)) for y, x in corners
    ]
    x = norm(torch.stack([w["class_embedding"], *patches]) + w["positional_embedding"], "ln_pre")
    for block in ("transformer.resblocks.0", "transformer.resblocks.1"):
        seen = (
            norm(x, f"{block}.ln_1") @ w[f"{block}.attn.in_proj_weight"].T + w[f"{block}.attn.in_proj_bias"]
        )
        heads = []
        for head in range(2):
            q, k, v = (part[:, 4 * head : 4 * head + 4] for part in seen.split(8, dim=1))
            heads.append(torch.softmax(q @ k.T / 2, dim=1) @ v)
        x = x + torch.cat(heads, 1) @ w[f"{block}.attn.out_proj.weight"].T + w[f"{block}.attn.out_proj.bias"]
        inner = norm(x, f"{block}.ln_2") @ w[f"{block}.mlp.c_fc.weight"].T + w[f"{block}.mlp.c_fc.bias"]
        inner = inner / (1 + torch.exp(-1.702 * inner))
        x = x + inner @ w[f"{block}.mlp.c_proj.weight"].T + w[f"{block}.mlp.c_proj.bias"]
    expected = norm(x[0], "ln_post") @ w["proj"]

    torch.testing.assert_close(network(picture)[0], expected, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("prefix", ["", "visual.", "image_encoder."])
def test_openai_s_names_are_taken_with_and_without_a_prefix(prefix):
    tensors = random_weights()
    given = {prefix + key: value.half() for key, value in tensors.items()}
    if prefix:
        given["token_embedding.weight"] = torch.zeros(3, 3)

    found = fitting(NAME, given)

    assert found.keys() == tensors.keys()
    assert all(value.dtype == torch.float32 for value in found.values())


def test_the_names_of_transformers_give_the_same_weights():
    tensors = random_weights()

    found = fitting(NAME, of_transformers(tensors))

    assert found.keys() == tensors.keys()
    assert all(torch.equal(found[key], tensors[key]) for key in tensors)


@pytest.mark.parametrize("layout", [dict, of_transformers])
def test_missing_and_unknown_layers_are_named(layout):
    given = layout(random_weights())
    missing = next(key for key in given if key.endswith(("self_attn.k_proj.bias", "0.attn.in_proj_bias")))
    del given[missing]
    unknown = "vision_model.encoder.layers.7.mlp.fc1.bias" if layout is of_transformers else "conv9.weight"
    given[unknown] = torch.zeros(2)

    with pytest.raises(weights.BadWeights) as caught:
        fitting(NAME, given)

    assert "missing: transformer.resblocks.0.attn.in_proj_bias" in str(caught.value)
    assert "unknown: " in str(caught.value)
    assert ("resblocks.7.mlp.c_fc.bias" if layout is of_transformers else unknown) in str(caught.value)


def test_a_checkpoint_of_vificlip_is_adopted(tmp_path, folder):
    tensors = random_weights()
    wrapped = {f"module.image_encoder.{key}": value for key, value in tensors.items()}
    torch.save(
        {"model": wrapped | {"module.logit_scale": torch.zeros(())}, "epoch": 3}, tmp_path / "best.pth"
    )

    kept = load_file(weights.adopt("vificlip-vit-b16", tmp_path / "best.pth"))

    assert all(torch.equal(kept[key], tensors[key]) for key in tensors)


def test_missing_weights_say_the_ways_out():
    with pytest.raises(MissingWeights, match=r"adopt clip-vit-b16 FILE.*VADREVIEW_WEIGHTS"):
        ClipWindows(NAME)


def test_clip_describes_the_ninth_frame_and_vificlip_the_mean_of_all(folder):
    for name in clip_images.RECIPES:
        save_file(random_weights(), folder / f"{name}.safetensors")
    windows = torch.rand(2, 1, 16, 32, 32) * 2 - 1
    clip, vificlip = ClipWindows("clip-vit-b16"), ClipWindows("vificlip-vit-b16")

    other = windows.clone()
    other[:, :, 3] = 0
    alone = torch.stack(
        [vificlip.describe(windows[:, :, n : n + 1].expand(-1, -1, 16, -1, -1)) for n in range(16)]
    )

    assert clip.describe(windows).shape == (2, 512)
    assert torch.equal(clip.describe(windows), clip.describe(other))
    torch.testing.assert_close(vificlip.describe(windows), alone.mean(0), rtol=1e-3, atol=1e-4)


def test_no_window_has_no_description(folder):
    save_file(random_weights(), folder / f"{NAME}.safetensors")

    assert ClipWindows(NAME).describe(torch.zeros(0, 3, 16, 32, 32)).shape == (0, 512)
