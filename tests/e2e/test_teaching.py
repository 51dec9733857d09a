"""The loop closes: verdicts teach a detector with one click, and the taught run is compared with the one before."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from fixtures import generate
from tests.e2e.desk import Desk
from tests.e2e.installation import App
from tests.e2e.test_main_job import MINUTES, new_project, start_run, upload


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A few seconds of a small picture: two runs learn from it."""
    made = generate.make(tmp_path_factory.mktemp("clips"), seed=11, quick=True)
    return [clip.video for clip in made[:2]]


def mark_a_span(page: Page) -> None:
    """Accept a second that a person marks: it teaches, whatever the first run proposed."""
    desk = Desk(page)
    expect(page.get_by_test_id("picture")).to_be_visible()
    desk.press("Escape", ".", ".", ".", "[", "ArrowRight", "]")
    with page.expect_response(
        lambda r: r.url.endswith("/api/verdicts/") and r.request.method == "POST"
    ) as said:
        desk.press("a")
    assert said.value.status == 201


@pytest.mark.timeout(600)  # two runs, with patience for a slow machine
def test_verdicts_teach_the_next_run_and_the_two_are_compared(
    page: Page, app: App, clips: list[Path]
) -> None:
    new_project(page, app, "Teaching")
    project = page.url.split("/footage")[0]
    upload(page, clips)
    page.goto(f"{project}/settings")
    # so that each verdict teaches, whatever chance picks
    page.get_by_role("textbox", name="Audit share").fill("0")
    page.get_by_role("region", name="Audit").get_by_role("button", name="Save").click()
    expect(page.get_by_text("The audit share is saved")).to_be_visible()
    page.goto(f"{project}/runs")
    start_run(page)
    page.get_by_role("main").get_by_role("link", name="Review", exact=True).first.click()
    mark_a_span(page)

    page.goto(f"{project}/datasets")
    page.get_by_role("button", name="Teach the detectors").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("1 accepted, 0 rejected")).to_be_attached()
    expect(dialog.get_by_role("checkbox", name="Pseudo-anomaly autoencoder")).to_be_checked()
    dialog.get_by_role("button", name="Start run").click()
    page.wait_for_url(re.compile(r"/runs$"))
    taught = page.get_by_role("row").filter(has_text="learned from verdicts")
    expect(taught.get_by_role("link", name="Review")).to_be_visible(timeout=4 * MINUTES)
    taught.get_by_role("link").first.click()

    expect(page.get_by_role("heading", name="Learned from verdicts")).to_be_visible()
    page.get_by_role("link", name="Compare with the run before").click()
    expect(page.get_by_text("Human-in-the-loop: verdicts taught")).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("^Curves of"))).to_be_visible()
    address = page.url
    page.goto(address)  # the address alone leads back here
    expect(page.get_by_role("heading", name="What people judged")).to_be_visible()

    page.goto(f"{project}/datasets")
    page.get_by_role("button", name=re.compile("^What .* teaches$")).first.click()
    expect(page.get_by_role("dialog").get_by_text("1 accepted span")).to_be_visible()
    expect(page.get_by_role("dialog").get_by_role("row")).to_have_count(2)  # the head, and the taught run
