"""A whole session without a mouse: footage in, a run, a review, a dataset out."""

from __future__ import annotations

import zipfile
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.e2e import footage
from tests.e2e.desk import Desk
from tests.e2e.installation import App

MINUTE = 60_000


def reach(page: Page, wanted: Locator, *, most: int = 60) -> None:
    """Press Tab until the focus is there, and see that it shows."""
    wanted.wait_for()
    for _ in range(most):
        if wanted.evaluate("(one) => one === document.activeElement"):
            break
        page.keyboard.press("Tab")
    else:
        raise AssertionError(f"{wanted} cannot be reached with Tab")
    assert wanted.evaluate("(one) => one.matches(':focus-visible')")


def use(page: Page, wanted: Locator, key: str = "Enter") -> None:
    reach(page, wanted)
    page.keyboard.press(key)


def test_a_whole_session_by_keyboard_alone(page: Page, app: App, tmp_path: Path):
    clip = footage.write(tmp_path / "yard.mp4")
    page.goto(f"{app.url}/projects")
    use(page, page.get_by_role("button", name="New project").first)
    page.keyboard.type("By keyboard")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Footage", level=1)).to_be_visible()

    with page.expect_file_chooser() as chooser:
        use(page, page.get_by_role("button", name="Choose files"))
    chooser.value.set_files(clip)
    row = page.get_by_role("listitem").filter(has_text="yard.mp4")
    expect(row.get_by_text("Ready", exact=True)).to_be_visible(timeout=2 * MINUTE)

    use(page, page.get_by_role("link", name="New run").first)
    detectors = page.get_by_role("region", name="Detectors")
    detectors.get_by_role("checkbox").first.wait_for()
    for other in detectors.get_by_role("checkbox", checked=True).all():
        use(page, other, "Space")
    use(page, page.get_by_role("checkbox", name="Pseudo-anomaly autoencoder"), "Space")
    use(page, page.locator("summary:visible").filter(has_text="settings"))
    use(page, page.locator("summary:visible").filter(has_text="Network and training"))
    fill(page, "Min steps", "10")
    fill(page, "Epochs", "1")
    use(page, page.get_by_role("button", name="Start run"))
    expect(page.get_by_text("Segments that stand out")).to_be_visible(timeout=3 * MINUTE)

    use(page, page.get_by_role("main").get_by_role("link", name="Review", exact=True).first)
    desk = Desk(page)
    expect(page.get_by_test_id("picture")).to_be_visible()
    # whatever the run proposes, a person can mark what it missed: from one frame to another
    page.keyboard.press("Escape")
    desk.press(".", ".", ".", "[", "ArrowRight", "ArrowRight", "]")
    with page.expect_response(lambda r: r.url.endswith("/api/verdicts/") and r.request.method == "POST"):
        desk.press("a")
    desk.press("1")
    desk.saved()
    desk.press("?")
    expect(page.get_by_role("dialog", name="Keys of the review desk")).to_be_visible()
    page.keyboard.press("Escape")

    use(page, page.get_by_role("link", name="Datasets"))
    use(page, page.get_by_role("button", name="Export a dataset").first)
    use(page, page.get_by_role("dialog").get_by_role("button", name="Export", exact=True))
    with page.expect_download(timeout=MINUTE) as download:
        use(page, page.get_by_role("link", name="Download").first)
    saved = tmp_path / "dataset.zip"
    download.value.save_as(saved)
    with zipfile.ZipFile(saved) as archive:
        assert b'"spans": 1' in archive.read("manifest.json")


def fill(page: Page, label: str, text: str) -> None:
    reach(page, page.get_by_role("textbox", name=label), most=120)
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type(text)
