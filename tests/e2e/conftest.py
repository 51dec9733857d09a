"""The built application as a person meets it: started by `manage.py serve`, driven in Chromium."""

from __future__ import annotations

import os
import re
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from tests.e2e import chromium

ROOT = Path(__file__).resolve().parents[2]
START_S = 120.0

pytestmark = pytest.mark.e2e


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@dataclass
class App:
    """A running installation with its own data folder."""

    url: str
    data: Path
    sign_in: str
    process: subprocess.Popen

    def manage(self, *arguments: str) -> str:
        """Run a management command on the same data folder and return what it prints."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=environment(self.data),
            text=True,
            capture_output=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


def environment(data: Path) -> dict[str, str]:
    """Return the environment of an embedded installation on `data`, whatever database the tests themselves use."""
    kept = {
        k: v
        for k, v in os.environ.items()
        if k not in {"DATABASE_URL", "BROKER_URL", "CACHE_URL", "DJANGO_SETTINGS_MODULE"}
    }
    return kept | {"VADREVIEW_DATA": str(data), "PYTHONUNBUFFERED": "1", "OMP_NUM_THREADS": "1"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(data: Path, *extra: str) -> App:
    """Start `manage.py serve` on `data` and wait for the line that says it is ready."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", "serve", "--port", str(free_port()), *extra],
        cwd=ROOT,
        env=environment(data),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    seen: list[str] = []
    waiting = selectors.DefaultSelector()
    waiting.register(process.stdout, selectors.EVENT_READ)
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        if not waiting.select(timeout=1):
            continue
        line = process.stdout.readline()
        seen.append(line)
        ready = re.search(r"vadreview is ready: ((http://[^/]+)/signin/\S+)", line)
        if ready:
            return App(url=ready.group(2), data=data, sign_in=ready.group(1), process=process)
    process.kill()
    raise AssertionError("The application did not become ready:\n" + "".join(seen))


def stop(app: App) -> None:
    """Press Ctrl-C, and wait until it is gone."""
    if app.process.poll() is None:
        app.process.send_signal(signal.SIGINT)
        app.process.wait(timeout=30)


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
    made.set_default_timeout(20_000)
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext, app: App, console: Console) -> Iterator[Page]:
    opened = context.new_page()
    console.watch(opened)
    yield opened
    assert console.unexpected() == []
