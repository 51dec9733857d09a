"""Why, Patterns and Labels on a real run: each tab shows what it should, and nothing complains."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from fixtures import generate
from tests.e2e.insight_desk import InsightDesk
from tests.e2e.installation import App
from tests.e2e.test_main_job import MINUTES, new_project, upload

pytestmark = pytest.mark.timeout(600)  # whichever test comes first waits for the run of all
SETTINGS = {"epochs": 1, "epoch_steps": 20, "min_steps": 1}  # enough to have scores, not to have good ones


@pytest.fixture(scope="module")
def address(app: App, browser: Browser, signed_in: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The review desk of a finished run of the diffusion detector, which keeps patterns."""
    clips = [clip.video for clip in generate.make(tmp_path_factory.mktemp("clips"), seed=7, quick=True)][:2]
    context = browser.new_context(storage_state=signed_in)
    page = context.new_page()
    new_project(page, app, "Insight")
    upload(page, clips)
    project = page.url.split("/projects/")[1].split("/")[0]
    run = _start(context, app, project)
    page.goto(f"{app.url}/projects/{project}/runs/{run}")
    expect(page.get_by_text("Segments that stand out")).to_be_visible(timeout=4 * MINUTES)
    video = context.request.get(f"{app.url}/api/runs/{run}/").json()["videos"][0]["video"]
    context.close()
    return f"{app.url}/projects/{project}/review/{video}?run={run}&frame=40"


def _start(context: BrowserContext, app: App, project: str) -> str:
    token = next(cookie["value"] for cookie in context.cookies() if cookie["name"] == "csrftoken")
    asked = {"project": project, "detector": "kdiffusion", "overrides": SETTINGS}
    answer = context.request.post(
        f"{app.url}/api/runs/",
        data=json.dumps({**asked, "client_key": str(uuid.uuid4())}),
        headers={"X-CSRFToken": token, "Content-Type": "application/json", "Referer": app.url},
    )
    assert answer.status == 201, answer.text()
    return answer.json()["id"]


def test_why_lists_what_stands_out_and_what_is_most_alike(page: Page, address: str) -> None:
    desk = InsightDesk(page)

    desk.open(address, "Why")

    expect(desk.reasons().first).to_be_visible()
    expect(page.get_by_text("This window", exact=True)).to_be_visible()


def test_a_lasso_narrows_the_queue_and_clearing_it_opens_it_again(page: Page, address: str) -> None:
    desk = InsightDesk(page)
    desk.open(address, "Patterns")

    desk.lasso_everything()
    expect(page.get_by_text("selected, in")).to_be_visible()
    page.get_by_role("tab", name="Queue").click()
    expect(page.get_by_text("selected on the map")).to_be_visible()

    page.get_by_role("button", name="Show all").click()
    expect(page.get_by_text("selected on the map")).to_be_hidden()


def test_the_window_at_the_playhead_is_drawn_with_its_numbers_as_a_table(page: Page, address: str) -> None:
    InsightDesk(page).open(address, "Patterns")

    page.get_by_text("This window", exact=True).click()

    expect(page.get_by_role("img", name="Patterns of this window")).to_be_visible()
    page.get_by_text("As a table").click()
    expect(page.get_by_role("cell", name="Guess 1")).to_be_visible()


def test_a_tsne_map_is_made_by_a_job_and_shown(page: Page, address: str) -> None:
    desk = InsightDesk(page)
    desk.open(address, "Patterns")

    desk.arrange_by_tsne()

    expect(page.get_by_text("Distances on a map are not metric")).to_be_visible(timeout=2 * MINUTES)
    expect(desk.map).to_be_visible()


def test_a_detector_without_pseudo_labels_says_so(page: Page, address: str) -> None:
    InsightDesk(page).open(address, "Labels")

    expect(page.get_by_text("makes no pseudo-labels")).to_be_visible()
