"""The main pages look as they did, in both themes. Changed on purpose? `RENEW_LOOKS=1 pytest tests/e2e/test_looks.py`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from tests.e2e import looks
from tests.e2e.desk import Desk
from tests.e2e.installation import ROOT
from tests.e2e.scene import Scene

PAGES = ("footage", "runs", "runs/new", "run", "settings", "review")
RENEW = "RENEW_LOOKS"

# what differs from one day, or machine, to the next
HIDE = """
  time, [data-changing] { visibility: hidden !important; }
  *, *::before, *::after { transition: none !important; animation: none !important; caret-color: transparent !important; }
"""


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
    now = looks.shrink(page.screenshot())
    title = f"{name.replace('/', '-')}-{theme}"
    if os.environ.get(RENEW):
        looks.keep(title, now)
        return

    before = looks.kept(title)

    again = f"{RENEW}=1 pytest tests/e2e/test_looks.py"
    assert before is not None, f"There is no picture of {title} to compare with. Make it with: {again}"
    if looks.is_another(before, now):
        where = ROOT / "test-results" / f"look-{title}.png"
        looks.side_by_side(before, now, where)
        pytest.fail(
            f"{title} looks different: before, now and where are side by side in {where}. "
            f"If it should look so, renew the pictures with “{again}” and commit them."
        )


def open_page(page: Page, scene: Scene, name: str) -> None:
    if name == "review":
        desk = Desk(page).open(scene.review("even.mp4", segment=0))
        desk.arrived(scene.segments["even.mp4"][0]["peak_frame"])
        page.wait_for_function(
            """() => getComputedStyle(document.querySelector('[data-testid="still"]')).visibility === "visible" """
        )
    else:
        page.goto(scene.page(f"runs/{scene.run}" if name == "run" else name))
    page.locator("#content").wait_for()
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
