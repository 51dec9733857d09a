"""The main pages look as they did, in both themes. Changed on purpose? `RENEW_LOOKS=1 pytest tests/e2e/test_looks.py`."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from tests.e2e import looks
from tests.e2e.desk import Desk
from tests.e2e.installation import ROOT
from tests.e2e.scene import Scene

# a page, and words that are there when its data are
KNOWN_BY = {
    "footage": "uneven.mp4", "runs": "seeded", "runs/new": "What it will take", "run": "Segments that stand out",
    "settings": "Save policy",
}  # fmt: skip
PAGES = (*KNOWN_BY, "review")
PATIENCE_S = 15.0
RENEW = "RENEW_LOOKS"

# what differs from one day, or machine, to the next
HIDE = """
  time, [data-changing] { visibility: hidden !important; }
  *, *::before, *::after { transition: none !important; animation: none !important; caret-color: transparent !important; }
"""


HEAT_IS_DRAWN = """() => {
  const heat = document.querySelector('[data-testid="heatmap"]');
  const pixels = heat?.getContext("2d").getImageData(0, 0, heat.width, heat.height).data ?? [];
  return pixels.some((value) => value > 0);
}"""


@pytest.fixture(scope="module", autouse=True)
def at_rest(scene: Scene) -> None:
    """Wait until the motion of all footage is measured: a page with a progress bar is another picture."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        videos = scene.api("GET", f"/api/videos/?project={scene.project}")["results"]
        if all(video["motion"] and video["motion"]["status"] == "done" for video in videos):
            return
        time.sleep(0.3)
    raise AssertionError("the motion of the footage was not measured in time")


@pytest.fixture(scope="module", params=["dark", "light"])
def themed(request: pytest.FixtureRequest, browser: Browser, signed_in: Path) -> Iterator[tuple[Page, str]]:
    context = browser.new_context(
        storage_state=signed_in,
        viewport={"width": 1280, "height": 800},
        color_scheme=request.param,
        reduced_motion="reduce",
    )
    context.set_default_timeout(30_000)
    page = context.new_page()
    yield page, request.param
    context.close()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_looks_as_it_did(themed: tuple[Page, str], scene: Scene, name: str):
    page, theme = themed
    open_page(page, scene, name)
    page.add_style_tag(content=HIDE)
    now = at_last(page, lambda picture: True)
    title = f"{name.replace('/', '-')}-{theme}"
    if os.environ.get(RENEW):
        looks.keep(title, now)
        return

    before = looks.kept(title)

    again = f"{RENEW}=1 pytest tests/e2e/test_looks.py"
    assert before is not None, f"There is no picture of {title} to compare with. Make it with: {again}"
    if looks.is_another(before, now):  # a slow machine may still be drawing
        now = at_last(page, lambda picture: not looks.is_another(before, picture))
    if looks.is_another(before, now):
        where = ROOT / "test-results" / f"look-{title}.png"
        looks.side_by_side(before, now, where)
        pytest.fail(
            f"{title} looks different: before, now and where are side by side in {where}. "
            f"If it should look so, renew the pictures with “{again}” and commit them."
        )


def at_last(page: Page, is_it: Callable[[looks.Picture], bool]) -> looks.Picture:
    """Return the page once it stands still and is what is waited for, or as it is after a while."""
    deadline = time.monotonic() + PATIENCE_S
    before = looks.shrink(page.screenshot())
    while True:
        page.wait_for_timeout(300)
        now = looks.shrink(page.screenshot())
        if (not looks.is_another(before, now) and is_it(now)) or time.monotonic() > deadline:
            return now
        before = now


def open_page(page: Page, scene: Scene, name: str) -> None:
    if name == "review":
        desk = Desk(page).open(scene.review("even.mp4", segment=0))
        desk.arrived(scene.segments["even.mp4"][0]["peak_frame"])
        page.wait_for_function(
            """() => getComputedStyle(document.querySelector('[data-testid="still"]')).visibility === "visible" """
        )
        page.wait_for_function(HEAT_IS_DRAWN)
    else:
        page.goto(scene.page(f"runs/{scene.run}" if name == "run" else name))
        page.get_by_text(KNOWN_BY[name]).first.wait_for()
    page.wait_for_load_state("networkidle")
    page.evaluate("document.fonts.ready")


def test_other_smoothing_is_no_other_look_and_a_missing_or_moved_panel_is():
    random = np.random.default_rng(0)
    page = np.full((160, 256, 3), 245, np.uint8)
    page[:10] = 40
    page[14:150, 190:250] = 210  # a panel
    for line in range(20, 145, 4):
        page[line : line + 2, 8:180] = np.where(random.random((2, 172, 1)) < 0.5, 90, 245)
    smoothed = np.clip(page.astype(int) + random.integers(-12, 13, page.shape), 0, 255).astype(np.uint8)
    smoothed = np.roll(smoothed, 1, axis=1)
    without = page.copy()
    without[14:150, 190:250] = 245
    moved = np.roll(page, 12, axis=0)

    assert not looks.is_another(page, smoothed)
    assert looks.is_another(page, without)
    assert looks.is_another(page, moved)
