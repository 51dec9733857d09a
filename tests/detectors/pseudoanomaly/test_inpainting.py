"""Inpainting by diffusion models: tiny random ones, under the names and shapes of the real ones."""

import numpy as np
import pytest
import torch
from torch import nn

import detectors
from detectors.base import ConfigError, MissingWeights
from detectors.field_cache import FieldCache
from detectors.pseudoanomaly import inpainting
from detectors.pseudoanomaly.inpainting import LDM_FILES, LDM_FOLDER, LatentDiffusion
from detectors.pseudoanomaly.material import Stretch
from detectors.weights import FOLDER_VARIABLE, BadWeights

CPU = torch.device("cpu")

pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")


class Encoder(nn.Module):
    def forward(self, picture):
        return nn.functional.avg_pool2d(picture, 4)


class Decoder(nn.Module):
    def forward(self, latent):
        return nn.functional.interpolate(latent, scale_factor=4.0)


class Diffusion(nn.Module):
    """Believes that everything in the hole is noise around the mean of what is seen."""

    def forward(self, x, embedding, condition):
        assert embedding.shape[1] == 256
        assert condition.shape[1] == 4
        return x - condition[:, :3].mean()


@pytest.fixture
def weights(tmp_path, monkeypatch):
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "weights"))
    return tmp_path / "weights"


@pytest.fixture
def files(tmp_path):
    """The three files, as somebody might have downloaded them."""
    paths = []
    for name, module in zip(LDM_FILES, (Encoder(), Decoder(), Diffusion()), strict=True):
        paths.append(tmp_path / f"downloaded-{name}")
        torch.jit.script(module).save(str(paths[-1]))
    return paths


def loaded():
    return LatentDiffusion(steps=4, device=CPU)


def pictures_and_holes():
    pictures = np.random.default_rng(0).integers(0, 256, (2, 3, 256, 256), dtype=np.uint8)
    holes = np.zeros((2, 256, 256), bool)
    holes[:, 64:128, 64:128] = True
    return pictures, holes


def test_without_files_it_is_said_where_to_get_them(weights):
    with pytest.raises(MissingWeights, match="inpainting trust ENCODER DECODER DIFFUSION"):
        loaded()


def test_files_in_the_folder_that_nobody_trusted_are_not_run(weights, files):
    inpainting.trust(*files)
    (weights / LDM_FOLDER / LDM_FILES[2]).write_bytes(files[0].read_bytes())

    with pytest.raises(BadWeights, match="not the file that was trusted, so it will not be run"):
        loaded()


def test_trusted_files_of_another_kind_are_refused(weights, files):
    files[0].write_bytes(b"no torch script")
    inpainting.trust(*files)

    with pytest.raises(BadWeights, match="no TorchScript file"):
        loaded()


def test_trusted_files_in_the_wrong_order_are_refused(weights, files):
    inpainting.trust(files[1], files[0], files[2])

    with pytest.raises(BadWeights, match="are not the inpainter"):
        loaded()


def test_a_hole_is_filled_and_the_rest_stays(weights, files):
    inpainting.trust(*files)
    pictures, holes = pictures_and_holes()
    filled = loaded().fill(pictures, holes, seed=1)

    assert filled.dtype == np.uint8
    outside = ~holes[:, None].repeat(3, 1)
    np.testing.assert_array_equal(filled[outside], pictures[outside])
    assert (filled[~outside] != pictures[~outside]).mean() > 0.5


def test_the_seed_decides_the_filling(weights, files):
    inpainting.trust(*files)
    model, (pictures, holes) = loaded(), pictures_and_holes()
    one, same, other = (model.fill(pictures, holes, seed=seed) for seed in (1, 1, 2))

    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


def test_ddim_finds_the_picture_if_the_noise_is_known(weights, files):
    inpainting.trust(*files)
    model = loaded()
    betas = torch.linspace(0.0015**0.5, 0.0205**0.5, 1000, dtype=torch.float64).square()
    kept, times = torch.cumprod(1 - betas, 0), iter([751, 501, 251, 1])
    model._diffusion = lambda x, embedding, condition: x / float(1 - kept[next(times)]) ** 0.5

    found = model._sample(torch.randn(1, 3, 8, 8), torch.zeros(1, 4, 8, 8))
    assert float(found.abs().max()) < 0.3  # gray is 0; what is left is the last step's noise


def test_the_command_takes_files_without_running_them(weights, files, capsys):
    assert inpainting.main(["trust", *map(str, files)]) == 0
    printed = capsys.readouterr().out

    assert [line.split()[1] for line in printed.splitlines()] == list(LDM_FILES)


def test_the_command_says_which_file_is_missing(weights, files, capsys):
    assert inpainting.main(["trust", "nowhere.pt", *map(str, files[1:])]) == 2
    assert "nowhere.pt" in capsys.readouterr().err


def test_a_diffusers_folder_that_is_missing_is_said(weights):
    with pytest.raises(MissingWeights, match=r"model_index\.json"):
        inpainting.Pipeline(steps=4, device=CPU)


class Counting:
    fingerprint = "counting"
    calls = 0

    def fill(self, pictures, holes, *, seed):
        self.calls += 1
        return np.where(holes[:, None], 9, pictures).astype(np.uint8)


def stretch():
    pictures = np.random.default_rng(0).integers(60, 120, (40, 1, 32, 32), dtype=np.uint8)
    instances = np.zeros((40, 32, 32), np.uint8)
    instances[:, 4:12, 4:12] = 1
    return Stretch(np.full(40, -1, np.int8), np.zeros(40, bool), pictures=pictures, instances=instances)


def precomputed(inpainter, cache, *, progress=lambda progress: None):
    config = detectors.configure(
        "pseudoanomaly",
        size=32,
        streams="appearance",
        appearance_pseudo_anomalies=("inpainted",),
        inpainter="ldm",
        inpainted_clips=2,
    )
    return inpainting.precompute([stretch()], config, inpainter, seed=0, cache=cache, progress=progress)


def test_things_are_inpainted_before_training_with_progress(tmp_path):
    seen = []
    (one, other) = precomputed(Counting(), None, progress=seen.append)

    assert (one[1], other[1]) == (0, 24)
    assert (one[2][:, 0, 4:12, 4:12] == 9).all()
    np.testing.assert_array_equal(one[2][:, 0, 20:], stretch().pictures[:16, 0, 20:])
    assert (seen[-1].phase, seen[-1].done, seen[-1].total) == ("inpainting", 32, 32)


def test_what_was_inpainted_is_used_again_and_a_damaged_entry_made_again(tmp_path):
    inpainter, cache = Counting(), FieldCache(tmp_path)
    first = precomputed(inpainter, cache)
    again = precomputed(inpainter, cache)
    assert inpainter.calls == 32

    entry = next(tmp_path.glob("inpainted-*.npz"))
    entry.write_bytes(entry.read_bytes()[:100])
    mended = precomputed(inpainter, cache)
    assert inpainter.calls == 33
    for found in (again, mended):
        np.testing.assert_array_equal(found[0][2], first[0][2])


def test_inpainted_pseudo_anomalies_need_an_inpainter():
    with pytest.raises(ConfigError, match="choose ldm or diffusers"):
        detectors.configure(
            "pseudoanomaly", streams="both", appearance_pseudo_anomalies=("inpainted",), inpainter="none"
        )
