import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from detectors import weights
from detectors.base import Meter, MissingWeights, ignore
from detectors.features import clips, pretrained, resnet3d

from ..diffusion.parity import SHARED
from .scenes import WIDTH, still, walk

PARITY = SHARED / "data" / "parity"
NAMES = {
    "r3d18": ("torchvision_r3d18_names.json", None),
    "r3d18-kinetics700": ("kenshohara_names.json", "kenshohara_r3d18_2020"),
    "resnext101": ("kenshohara_names.json", "kenshohara_resnext101_2018_without_module_prefix"),
}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv(weights.FOLDER_VARIABLE, str(tmp_path / "weights"))
    (tmp_path / "weights").mkdir()
    return tmp_path / "weights"


def random_weights(name: str) -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    return pretrained.RECIPES[name].make().state_dict()


def put(folder: Path, name: str) -> None:
    save_file(random_weights(name), folder / f"{name}.safetensors")


def read(encoder, video, *, stride=16):
    meter = Meter(ignore, "features", video.n_frames)
    return np.concatenate(
        [v for _, v in clips.encoded(encoder, video, stride=stride, cache=None, meter=meter)]
    )


@pytest.mark.parametrize("name", NAMES)
def test_layers_have_the_names_and_shapes_of_the_published_files(name):
    file, key = NAMES[name]
    if not (PARITY / file).exists():
        pytest.skip("the lists of names are not beside the repository")
    published = json.loads((PARITY / file).read_text())
    published = published[key] if key else published

    with torch.device("meta"):
        ours = {k: list(v.shape) for k, v in pretrained.RECIPES[name].make().state_dict().items()}

    assert ours == {k: shape for k, shape in published.items() if not k.startswith("fc.")}


@pytest.mark.parametrize(
    ("make", "shape"),
    [
        (resnet3d.R3D18, (1, 512, 2, 2, 3)),
        (resnet3d.resnet18, (1, 512, 1, 1, 2)),
        (resnet3d.resnext101, (1, 2048, 1, 1, 2)),
    ],
)
def test_maps_shrink_as_published(make, shape):
    with torch.device("meta"):
        network = make()
    network.to_empty(device="cpu").eval()  # only shapes matter

    with torch.inference_mode():
        assert network(torch.zeros(1, 3, 16, 32, 48)).shape == shape


def test_missing_weights_say_how_to_get_them():
    with pytest.raises(MissingWeights, match=r"detectors\.weights fetch r3d18"):
        pretrained.PretrainedEncoder("r3d18")
    with pytest.raises(MissingWeights, match=r"detectors\.weights adopt resnext101"):
        pretrained.PretrainedEncoder("resnext101")


def test_a_missing_and_an_unknown_layer_are_named():
    tensors = random_weights("r3d18")
    tensors["layer9.weight"] = tensors.pop("layer4.1.conv2.0.weight")

    with pytest.raises(
        weights.BadWeights, match=r"missing: layer4\.1\.conv2\.0\.weight; unknown: layer9\.weight"
    ):
        pretrained.fitting("r3d18", tensors)


def test_a_layer_of_another_shape_is_named():
    tensors = random_weights("r3d18")
    tensors["stem.0.weight"] = torch.zeros(64, 3, 7, 7, 7)

    with pytest.raises(weights.BadWeights, match=r"stem\.0\.weight is \[64, 3, 7, 7, 7\], should be"):
        pretrained.fitting("r3d18", tensors)


def test_weights_that_are_not_finite_are_refused():
    tensors = random_weights("r3d18")
    tensors["stem.1.bias"][3] = float("nan")

    with pytest.raises(weights.BadWeights, match=r"not finite: stem\.1\.bias"):
        pretrained.fitting("r3d18", tensors)


def test_the_classifier_and_counts_of_batches_may_be_absent_or_present():
    tensors = random_weights("r3d18-kinetics700")
    less = {k: v for k, v in tensors.items() if not k.endswith("num_batches_tracked")}

    found = pretrained.fitting("r3d18-kinetics700", {**less, "fc.weight": torch.zeros(1039, 512)})

    assert found.keys() == tensors.keys()


def test_a_checkpoint_of_the_authors_can_be_adopted(tmp_path, folder):
    tensors = random_weights("r3d18-kinetics700")
    checkpoint = {
        "epoch": 200,
        "arch": "resnet-18",
        "state_dict": {f"module.{k}": v for k, v in tensors.items()},
        "optimizer": {"state": {}, "param_groups": []},
    }
    torch.save(checkpoint, tmp_path / "r3d18_K_200ep.pth")

    assert weights.main(["adopt", "r3d18-kinetics700", str(tmp_path / "r3d18_K_200ep.pth")]) == 0

    found = load_file(folder / "r3d18-kinetics700.safetensors")
    assert all(torch.equal(found[k], v) for k, v in tensors.items())


class Harmful:
    def __reduce__(self):
        return Path.touch, (Path("harm"),)


def test_a_checkpoint_that_would_run_code_is_refused(tmp_path, folder, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    torch.save({"state_dict": Harmful()}, tmp_path / "bad.pth")

    assert weights.main(["adopt", "resnext101", "bad.pth"]) == 2

    assert "is not a checkpoint that can be read safely" in capsys.readouterr().err
    assert not (tmp_path / "harm").exists()
    assert list(folder.iterdir()) == []


def test_clips_have_the_mean_of_the_last_maps(folder):
    put(folder, "r3d18")
    video = walk(folder.parent, n_frames=20)
    encoder = pretrained.PretrainedEncoder("r3d18")

    found = read(encoder, video)  # clips at 0 and 4

    pictures = torch.from_numpy(np.stack(list(video.frames(4, 20, size=112)))).float() / 255
    mean, deviation = (torch.tensor(v) for v in ((0.43216, 0.394666, 0.37645), (0.22803, 0.22145, 0.216989)))
    network = resnet3d.R3D18()
    network.load_state_dict(random_weights("r3d18"))
    with torch.inference_mode():
        maps = network.eval()(((pictures - mean) / deviation).permute(3, 0, 1, 2)[None])
    assert found.shape == (2, *encoder.grid, encoder.dimension) == (2, 7, 7, 512)
    np.testing.assert_allclose(found[1], maps[0].mean(1).permute(1, 2, 0), rtol=2e-3, atol=2e-3)


def test_a_video_shorter_than_a_clip_repeats_its_last_frame(folder):
    put(folder, "r3d18-kinetics700")
    video = still(folder.parent, n_frames=3, value=90)
    longer = still(folder.parent, n_frames=16, value=90, name="longer")
    encoder = pretrained.PretrainedEncoder("r3d18-kinetics700")

    found = read(encoder, video)

    assert found.shape == (1, *encoder.grid, encoder.dimension) == (1, 4, 4, 512)
    np.testing.assert_array_equal(found, read(encoder, longer))


def test_a_crop_says_which_part_of_the_picture_it_sees(folder):
    put(folder, "r3d18-kinetics700")
    video = still(folder.parent, n_frames=16)  # 96 x 128

    left, top, right, bottom = pretrained.PretrainedEncoder("r3d18-kinetics700", fit="crop").region(video)

    assert (top, bottom) == (0, 1)
    assert (right - left) * WIDTH == pytest.approx(96, abs=1)


def test_other_weights_have_another_fingerprint(folder):
    put(folder, "r3d18")
    first = pretrained.PretrainedEncoder("r3d18").fingerprint
    tensors = random_weights("r3d18")
    tensors["stem.1.bias"] += 1
    save_file(tensors, folder / "r3d18.safetensors")

    assert pretrained.PretrainedEncoder("r3d18").fingerprint != first
    assert pretrained.PretrainedEncoder("r3d18", fit="crop").fingerprint != first
