"""The whole job, as a person does it: footage in, a run, review by keyboard, a labeled dataset out."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from fixtures import generate
from tests.e2e.installation import ROOT, App

SHARED = Path(os.environ.get("VADREVIEW_SHARED", ROOT.parent / "shared"))
MINUTES = 60_000


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Real footage where it is at hand, generated footage elsewhere."""
    ped2 = SHARED / "data" / "ped2"
    real = [*(ped2 / "training" / f"0{n}.mp4" for n in (1, 2, 3)), ped2 / "testing" / "04.mp4"]
    if all(path.is_file() for path in real):
        return real
    made = generate.make(tmp_path_factory.mktemp("clips"), seed=5, quick=True)
    return [clip.video for clip in made]


def new_project(page: Page, app: App, name: str) -> None:
    page.goto(f"{app.url}/projects")
    page.get_by_role("button", name="New project").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill(name)
    dialog.get_by_role("button", name="Create project").click()
    expect(page.get_by_role("heading", name="Footage", level=1)).to_be_visible()


def upload(page: Page, files: list[Path]) -> None:
    page.locator("input[type=file]:not([webkitdirectory])").first.set_input_files(files)
    for path in files:
        row = page.get_by_role("listitem").filter(has_text=path.name)
        expect(row.get_by_text("Ready", exact=True)).to_be_visible(timeout=3 * MINUTES)


def start_run(page: Page) -> None:
    page.get_by_role("link", name="New run").first.click()
    chosen = page.get_by_role("checkbox", name="Pseudo-anomaly autoencoder")
    expect(chosen).to_be_visible()
    for other in page.get_by_role("region", name="Detectors").get_by_role("checkbox", checked=True).all():
        other.uncheck()
    chosen.check()
    settings = page.locator("summary:visible").filter(has_text="settings")
    expect(settings).to_have_count(1)  # those of the detectors that are not chosen fold away
    settings.click()
    page.locator("summary:visible").filter(has_text="Network and training").click()
    page.get_by_role("textbox", name="Min steps").fill(
        "20"
    )  # enough to score, not to score well: this is about the way
    page.get_by_role("textbox", name="Epochs").fill("1")
    page.get_by_role("button", name="Start run").click()
    expect(page.get_by_text("Segments that stand out")).to_be_visible(timeout=4 * MINUTES)


def lower_the_threshold(page: Page) -> None:
    """Set it to a fifth of the curve's height: what hardly learned may propose nothing by itself."""
    slider = page.get_by_role("slider", name="Threshold")
    expect(slider).to_be_enabled()
    low, high, now = (
        float(slider.get_attribute(f"aria-value{name}") or "") for name in ("min", "max", "now")
    )
    step = (high - low) / 60
    for _ in range(max(1, round((now - low) / step) - 12)):
        slider.press("ArrowDown")
    expect(page.get_by_test_id("live-count")).to_have_text(re.compile(r"^[1-9]\d* items?\b"))
    page.get_by_role("button", name="Apply…", exact=True).click()
    page.get_by_role("button", name="Apply to this run").click()
    expect(page.get_by_role("button", name="Apply…", exact=True)).to_be_hidden()


@pytest.mark.timeout(600)  # uploads and a run, each with patience for a slow machine
def test_footage_goes_in_and_a_labeled_dataset_comes_out(page: Page, app: App, clips: list[Path]) -> None:
    new_project(page, app, "Main job")
    upload(page, clips)
    start_run(page)

    page.get_by_role("main").get_by_role("link", name="Review", exact=True).first.click()
    lower_the_threshold(page)
    expect(page.get_by_role("list", name="Queue").get_by_role("listitem").first).to_be_visible()
    with page.expect_response(
        lambda r: r.url.endswith("/api/verdicts/") and r.request.method == "POST"
    ) as accepted:
        page.keyboard.press("j")
        expect(page.get_by_role("button", name="Accept A")).to_be_enabled()
        page.keyboard.press("a")
    verdict = accepted.value.json()
    assert verdict["decision"] == "accept"

    page.goto(page.url.split("/review/")[0] + "/datasets")
    page.get_by_role("button", name="Export a dataset").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Export", exact=True).click()
    with page.expect_download(timeout=MINUTES) as download:
        page.get_by_role("link", name="Download").first.click()
    saved = app.data / "dataset.zip"
    download.value.save_as(saved)

    check_dataset(saved, verdict=verdict, names={path.name for path in clips})


def check_dataset(path: Path, *, verdict: dict, names: set[str]) -> None:
    """The masks say exactly what the verdicts said, and the checksums hold."""
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        for line in archive.read("SHA256SUMS").decode().splitlines():
            digest, member = line.split(maxsplit=1)
            assert hashlib.sha256(archive.read(member.lstrip("*"))).hexdigest() == digest
        manifest = json.loads(archive.read("manifest.json"))
        rows = list(csv.DictReader(io.StringIO(archive.read("segments.csv").decode("utf-8-sig"))))
        masks = {
            video["id"]: np.load(io.BytesIO(archive.read(f"masks/{video['id']}.npy")), allow_pickle=False)
            for video in manifest["videos"]
        }
    assert {video["name"] for video in manifest["videos"]} == names
    decided = [
        (row["video_id"], int(row["start_frame"]), int(row["stop_frame"]))
        for row in rows
        if row["decision"] == "accept"
    ]
    assert decided == [(verdict["video"], verdict["start"], verdict["stop"])]
    for video, mask in masks.items():
        expected = np.zeros(len(mask), np.uint8)
        if video == verdict["video"]:
            expected[verdict["start"] : verdict["stop"]] = 1
        assert mask.dtype == np.uint8
        assert np.array_equal(mask, expected)
