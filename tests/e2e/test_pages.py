"""Every page: accessible in both themes, steady while data arrives, readable on a phone, small to load."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.conftest import Console
from tests.e2e.installation import ROOT
from tests.e2e.scene import Scene

AXE = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
MOST_SHIFT = 0.05  # cumulative layout shift

PAGES = (
    "projects", "footage", "runs", "runs/new", "run", "review", "datasets", "team", "settings", "account",
)  # fmt: skip


def address(scene: Scene, name: str) -> str:
    if name in ("projects", "account"):
        return f"{scene.app.url}/{name}"
    if name == "run":
        return scene.page(f"runs/{scene.run}")
    if name == "review":
        return scene.review("even.mp4", segment=0)
    return scene.page(name)


@pytest.fixture(scope="module", params=["dark", "light"])
def themed(
    request: pytest.FixtureRequest, browser: Browser, signed_in: Path
) -> Iterator[tuple[Page, str, Console]]:
    """One window for all pages of a theme: opening ten would take longer than looking at them."""
    context = browser.new_context(
        storage_state=signed_in,
        viewport={"width": 1280, "height": 800},
        color_scheme=request.param,
        reduced_motion="reduce",
    )
    context.set_default_timeout(30_000)
    context.add_init_script(
        """window.shifts = [];
        new PerformanceObserver((list) => {
          for (const shift of list.getEntries()) if (!shift.hadRecentInput) window.shifts.push(shift.value);
        }).observe({ type: "layout-shift", buffered: true });"""
    )
    page = context.new_page()
    console = Console()
    console.watch(page)
    yield page, request.param, console
    context.close()


def visit(page: Page, scene: Scene, name: str) -> None:
    page.goto(address(scene, name))
    page.locator("#content").wait_for()
    page.wait_for_load_state("networkidle")
    if name == "review":  # until the segment is chosen, its buttons are pale and cannot be pressed
        page.locator('[data-tone="accept"]:enabled').wait_for()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_accessible_and_steady(themed: tuple[Page, str, Console], scene: Scene, name: str):
    page, _, console = themed
    visit(page, scene, name)

    shifted = page.evaluate("window.shifts.reduce((sum, one) => sum + one, 0)")
    assert shifted < MOST_SHIFT, f"things moved by {shifted:.3f} while data arrived"
    assert violations(page) == []
    assert console.unexpected() == []


def violations(page: Page) -> list[str]:
    """Ask axe for what is serious or worse, with the places."""
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] }).then((r) => r.violations)")
    return [
        f"{one['id']}: {one['help']} at {node['target']}: {node['html'][:200]}"
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"][:3]
    ]


def test_every_page_can_be_read_on_a_phone(page: Page, scene: Scene):
    page.set_viewport_size({"width": 390, "height": 844})
    for name in PAGES:
        visit(page, scene, name)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 391, f"{name} is {wide} pixels wide on a screen of 390"


def test_the_first_load_is_small_and_plots_come_only_when_asked_for(page: Page, scene: Scene):
    loaded: dict[str, int] = {}

    def count(response) -> None:
        if "/static/" in response.url:
            loaded[response.url] = response.request.sizes()["responseBodySize"]

    page.on("response", count)
    visit(page, scene, "review")
    assert sum(loaded.values()) < 500_000, loaded
    assert [url for url in loaded if "ReviewPage" in url]
    assert not [url for url in loaded if "PlotlyCanvas" in url]  # the library; what frames a plot is small
