"""The built application as a person meets it: started by `manage.py serve`, driven in Chromium."""

from __future__ import annotations

import re
import uuid
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from tests.e2e import chromium
from tests.e2e.installation import ROOT, App, start, stop
from tests.e2e.scene import Scene
from tests.e2e.scene import make as make_scene

expect.set_options(timeout=30_000)  # a busy machine is slow, and that is no failure


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    running = start(tmp_path_factory.mktemp("app"), "--no-demo")
    yield running
    stop(running)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium.executable(), args=chromium.ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def signed_in(app: App, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Use the one-time link once; the session it leaves serves every test."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(app.sign_in)
    page.wait_for_url(lambda url: "/signin" not in url)
    state = tmp_path_factory.mktemp("state") / "session.json"
    context.storage_state(path=state)
    context.close()
    return state


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep a picture of the page a test failed on."""
    report = yield
    page = item.funcargs.get("page") if hasattr(item, "funcargs") else None
    if report.failed and page is not None and not page.is_closed():
        folder = ROOT / "test-results"
        folder.mkdir(exist_ok=True)
        page.screenshot(path=folder / f"{item.name}-{report.when}.png")
    return report


class Console:
    """Collects what the page complained about: any error fails the test that caused it."""

    def __init__(self) -> None:
        self.errors: list[str] = []
        self.expected: list[str] = []

    def watch(self, page: Page) -> None:
        page.on("console", self._on_message)
        page.on("pageerror", lambda error: self.errors.append(f"uncaught: {error}"))

    def expect(self, pattern: str) -> None:
        """Allow errors that match, for a test that provokes one."""
        self.expected.append(pattern)

    def _on_message(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.errors.append(f"{message.type}: {message.text} ({message.location.get('url', '')})")

    def unexpected(self) -> list[str]:
        return [e for e in self.errors if not any(re.search(pattern, e) for pattern in self.expected)]


@pytest.fixture
def console() -> Console:
    return Console()


@pytest.fixture
def context(browser: Browser, signed_in: Path) -> Iterator[BrowserContext]:
    made = browser.new_context(
        storage_state=signed_in,
        viewport={"width": 1280, "height": 800},
        accept_downloads=True,
        color_scheme="light",
    )
    made.set_default_timeout(30_000)
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext, app: App, console: Console) -> Iterator[Page]:
    opened = context.new_page()
    console.watch(opened)
    yield opened
    assert console.unexpected() == []


@pytest.fixture(scope="session")
def scene(app: App, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return make_scene(app, tmp_path_factory.mktemp("scene"))


@pytest.fixture
def viewer_page(browser: Browser, app: App, scene: Scene, console: Console) -> Iterator[Page]:
    """The app as somebody meets it who may only look."""
    name = f"viewer-{uuid.uuid4().hex[:8]}"
    member = scene.api(
        "POST", f"/api/projects/{scene.project}/members/", json={"username": name, "role": "viewer"}
    )
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(30_000)
    opened = context.new_page()
    console.watch(opened)
    opened.goto(app.url + member["sign_in_link"])
    opened.wait_for_url(lambda url: "/signin" not in url)
    yield opened
    context.close()
    assert console.unexpected() == []
