"""Models and checkpoints on disk."""

import json

import numpy as np
import pytest
import torch

import detectors
from detectors import artifacts, checkpoints
from detectors.base import ConfigError, Supervision, Video

CONFIG = detectors.configure("pseudoanomaly")
ARRAYS = {"weights": np.arange(6, dtype=np.float32).reshape(2, 3), "count": np.array(3)}


def write(folder, arrays=ARRAYS):
    return artifacts.write_model(folder, detector="pseudoanomaly", config=CONFIG, seed=5, arrays=arrays)


def read(folder):
    return artifacts.read_model(folder, detector="pseudoanomaly", config_class=type(CONFIG))


def test_a_model_comes_back_whole(tmp_path):
    write(tmp_path)
    model = read(tmp_path)

    assert (model.config, model.seed) == (CONFIG, 5)
    np.testing.assert_array_equal(model.take("weights", shape=(2, 3)), ARRAYS["weights"])
    assert model.take("count", shape=()) == 3


def test_equal_models_are_equal_files(tmp_path):
    backwards = dict(reversed(ARRAYS.items()))

    assert write(tmp_path / "one") == write(tmp_path / "two", backwards)


def test_a_model_replaces_the_one_before_and_leaves_no_draft(tmp_path):
    write(tmp_path)
    write(tmp_path, {"weights": np.zeros(1, np.float32)})

    assert [path.name for path in tmp_path.iterdir()] == ["model.safetensors"]
    assert read(tmp_path).arrays.keys() == {"weights"}


def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="no model"):
        detectors.load(tmp_path)


@pytest.mark.parametrize("content", [b"", b"not a model", b"\xff" * 64])
def test_a_file_that_is_no_model_is_refused(tmp_path, content):
    (tmp_path / "model.safetensors").write_bytes(content)

    with pytest.raises(ConfigError, match="damaged"):
        detectors.load(tmp_path)


def test_a_model_with_a_changed_byte_is_refused(tmp_path):
    write(tmp_path)
    path = tmp_path / "model.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)

    with pytest.raises(ConfigError, match="damaged"):
        read(tmp_path)


def test_a_model_of_an_unknown_detector_is_refused(tmp_path):
    artifacts.write_model(tmp_path, detector="os:system", config=CONFIG, seed=0, arrays=ARRAYS)

    with pytest.raises(ConfigError, match="no detector 'os:system'"):
        detectors.load(tmp_path)


def test_a_model_without_its_arrays_is_refused(tmp_path):
    write(tmp_path)

    with pytest.raises(ConfigError, match=r"should hold network\."):
        detectors.load(tmp_path)


def test_numbers_that_are_not_finite_are_refused(tmp_path):
    write(tmp_path, {"weights": np.array([np.nan], np.float32)})

    with pytest.raises(ConfigError, match="not finite"):
        read(tmp_path).take("weights", shape=(1,))


def trained(steps, *, folder=None, fingerprint="one"):
    torch.manual_seed(0)
    model = torch.nn.Linear(3, 2)
    optimiser = torch.optim.Adam(model.parameters(), lr=0.1)
    if folder is not None:
        state = checkpoints.resume(folder, fingerprint=fingerprint, model=model, optimiser=optimiser)
        steps -= state.get("steps", 0)
    for _ in range(steps):
        optimiser.zero_grad()
        model(torch.ones(3)).square().sum().backward()
        optimiser.step()
    return model, optimiser


def test_a_training_goes_on_where_it_was(tmp_path):
    model, optimiser = trained(3)
    checkpoints.save(tmp_path, fingerprint="one", model=model, optimiser=optimiser, state={"steps": 3})

    resumed, _ = trained(7, folder=tmp_path)
    np.testing.assert_array_equal(resumed.weight.detach(), trained(7)[0].weight.detach())


def test_the_checkpoint_of_another_training_is_passed_over(tmp_path):
    model, optimiser = trained(3)
    checkpoints.save(tmp_path, fingerprint="one", model=model, optimiser=optimiser, state={"steps": 3})

    assert checkpoints.resume(tmp_path, fingerprint="two", model=model, optimiser=optimiser) == {}


def test_random_numbers_go_on_where_they_were(tmp_path):
    generator = torch.Generator().manual_seed(3)
    torch.rand(5, generator=generator)
    checkpoints.save(tmp_path, fingerprint="one", model=torch.nn.Linear(1, 1), generator=generator)
    expected = torch.rand(4, generator=generator)

    again = torch.Generator()
    checkpoints.resume(tmp_path, fingerprint="one", model=torch.nn.Linear(1, 1), generator=again)
    torch.testing.assert_close(torch.rand(4, generator=again), expected, rtol=0, atol=0)


def test_verdicts_seed_and_settings_tell_trainings_apart():
    video = Video("clip.mp4", name="clip", sha256="00")
    video.__dict__["index"] = range(3)  # three frames; nothing else of the index is asked for
    video.__dict__["kind"] = "file"

    def fingerprint(config=CONFIG, seed=0, labels=None):
        supervision = None if labels is None else Supervision({"clip": np.array(labels, np.int8)})
        return artifacts.fingerprint(config, seed=seed, device="cpu", videos=[video], supervision=supervision)

    other = detectors.configure("pseudoanomaly", epochs=7)
    assert len({fingerprint(), fingerprint(other), fingerprint(seed=1), fingerprint(labels=[0, 1, -1])}) == 4
    assert fingerprint() == fingerprint()


def test_metadata_are_plain_json(tmp_path):
    write(tmp_path)
    content = (tmp_path / "model.safetensors").read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])

    about = json.loads(header["__metadata__"]["about"])
    assert about["detector"] == "pseudoanomaly"
    assert json.loads(about["config"])["size"] == CONFIG.size
