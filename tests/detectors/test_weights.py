import dataclasses
import hashlib
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
import torch

from detectors import weights
from detectors.features import pretrained


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    def handle_error(self, *_):  # a client that has read enough hangs up
        pass


@pytest.fixture
def published(tmp_path, monkeypatch):
    """Serve random weights in the place of the real r3d18, and let the catalogue point there."""
    monkeypatch.setenv(weights.FOLDER_VARIABLE, str(tmp_path / "weights"))
    site = tmp_path / "site"
    site.mkdir()
    torch.manual_seed(0)
    torch.save(pretrained.RECIPES["r3d18"].make().state_dict(), site / "r3d18.pth")
    content = (site / "r3d18.pth").read_bytes()
    with Server(("127.0.0.1", 0), partial(Quiet, directory=site)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        about = dataclasses.replace(
            weights.PRETRAINED["r3d18"],
            url=f"http://127.0.0.1:{server.server_port}/r3d18.pth",
            size=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
        )
        monkeypatch.setitem(weights.PRETRAINED, "r3d18", about)
        yield about
        server.shutdown()


def test_weights_are_fetched_and_ready(published):
    weights.fetch("r3d18")

    assert weights.path("r3d18").is_file()
    assert pretrained.PretrainedEncoder("r3d18").dimension == 512


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"sha256": "0" * 64}, "SHA-256 of r3d18 should be 0000"),
        ({"size": 10_000}, "larger than it should be"),
        ({"size": 10**9}, "should have 1000000000 bytes"),
    ],
)
def test_another_file_than_the_published_one_is_refused(published, monkeypatch, changed, said):
    monkeypatch.setitem(weights.PRETRAINED, "r3d18", dataclasses.replace(published, **changed))

    with pytest.raises(weights.BadWeights, match=said):
        weights.fetch("r3d18")

    assert list(weights.folder().iterdir()) == []


def test_a_file_without_a_stable_address_is_not_fetched():
    with pytest.raises(weights.BadWeights, match="adopt the file"):
        weights.fetch("resnext101")


def test_a_file_that_is_no_checkpoint_is_refused_in_a_sentence(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv(weights.FOLDER_VARIABLE, str(tmp_path / "weights"))
    (tmp_path / "page.pth").write_text("<html>quota exceeded</html>")

    assert weights.main(["adopt", "resnext101", str(tmp_path / "page.pth")]) == 2

    assert "page.pth is not a checkpoint" in capsys.readouterr().err


@pytest.fixture
def ready_made(tmp_path, monkeypatch):
    """A published model that is used as it is, and the folder it lies in."""
    monkeypatch.setenv(weights.FOLDER_VARIABLE, str(tmp_path / "weights"))
    (tmp_path / "weights").mkdir()
    about = dataclasses.replace(
        weights.PRETRAINED["yolox-nano"], size=5, sha256=hashlib.sha256(b"model").hexdigest(), others=()
    )
    monkeypatch.setitem(weights.PRETRAINED, "yolox-nano", about)
    return tmp_path / "weights" / "yolox_nano.onnx"


def test_a_ready_made_model_is_found_under_its_published_name(ready_made):
    ready_made.write_bytes(b"model")

    assert weights.path("yolox-nano") == ready_made


def test_a_ready_made_model_that_was_changed_is_not_used(ready_made):
    ready_made.write_bytes(b"moved")

    with pytest.raises(weights.MissingWeights, match="its SHA-256 is another one"):
        weights.path("yolox-nano")


def test_another_export_of_a_ready_made_model_is_adopted_as_it_is(ready_made, tmp_path, monkeypatch):
    other = dataclasses.replace(
        weights.PRETRAINED["yolox-nano"], others=(hashlib.sha256(b"exported again").hexdigest(),)
    )
    monkeypatch.setitem(weights.PRETRAINED, "yolox-nano", other)
    (tmp_path / "mine.onnx").write_bytes(b"exported again")

    weights.adopt("yolox-nano", tmp_path / "mine.onnx")

    assert weights.path("yolox-nano").read_bytes() == b"exported again"


def test_missing_weights_come_with_both_ways_to_get_them(ready_made):
    with pytest.raises(weights.MissingWeights, match=r"fetch yolox-nano.*VADREVIEW_WEIGHTS name a folder"):
        weights.path("yolox-nano")


def test_the_list_says_what_is_here_and_under_which_terms(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv(weights.FOLDER_VARIABLE, str(tmp_path))

    assert weights.main(["list"]) == 0

    said = capsys.readouterr().out
    assert all(name in said for name in weights.PRETRAINED)
    assert "not on this machine" in said


def test_every_address_is_pinned_by_size_and_checksum():
    for about in weights.PRETRAINED.values():
        if about.url:
            assert about.url.startswith("https://")
            assert about.size
            assert len(about.sha256 or "") == 64
