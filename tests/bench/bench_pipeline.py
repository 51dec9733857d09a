"""The whole way, unattended: upload, ingest, train and score the Ped2 test set in a real installation.

    python -m tests.bench.bench_pipeline [--folder FOLDER_OF_CLIPS]

Also says how soon the first page can be used in Chromium. Needs the built front end.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
import uuid
from pathlib import Path

import requests
from playwright.sync_api import sync_playwright
from tusclient.client import TusClient

from tests.e2e import chromium
from tests.e2e.installation import ROOT, App, start, stop

SHARED = Path(os.environ.get("VADREVIEW_SHARED", ROOT.parent / "shared"))
LIMIT_S = 3600.0
PAGE_LOADS = 5


def figure(name: str, value: float, unit: str, compared_to: str = "") -> None:
    print(
        json.dumps({"figure": name, "value": round(value, 3), "unit": unit, "compared_to": compared_to}),
        flush=True,
    )


class Client:
    """The API as a script sees it."""

    def __init__(self, app: App) -> None:
        self.url = app.url
        self.session = requests.Session()
        token = app.manage("token", "admin").split()[-1]
        self.session.headers["Authorization"] = f"Token {token}"

    def get(self, path: str) -> dict:
        answer = self.session.get(self.url + path, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def post(self, path: str, body: dict) -> dict:
        answer = self.session.post(self.url + path, json=body, timeout=30)
        assert answer.ok, answer.text
        return answer.json()

    def upload(self, path: Path, project: str) -> None:
        client = TusClient(f"{self.url}/api/uploads/", headers=dict(self.session.headers))
        client.uploader(
            str(path), chunk_size=8 * 1024**2, metadata={"filename": path.name, "project": project}
        ).upload()


def wait(ready, what: str) -> None:
    deadline = time.monotonic() + LIMIT_S
    while not ready():
        assert time.monotonic() < deadline, f"{what} took more than {LIMIT_S} s"
        time.sleep(1)


def whole_way(app: App, clips: list[Path]) -> None:
    client = Client(app)
    project = client.post("/api/projects/", {"name": "Ped2"})["id"]
    begun = time.monotonic()
    for clip in clips:
        client.upload(clip, project)
    uploaded = time.monotonic()

    def videos() -> list[dict]:
        return client.get(f"/api/videos/?project={project}")["results"]

    wait(lambda: all(video["state"] == "ready" for video in videos()), "ingest")
    ingested = time.monotonic()
    body = {
        "project": project,
        "detector": "pseudoanomaly",
        "preset": "fast",
        "client_key": str(uuid.uuid4()),
    }
    run = client.post("/api/runs/", body)["id"]
    wait(lambda: client.get(f"/api/runs/{run}/")["stage"] in {"done", "failed"}, "the run")
    ended = time.monotonic()
    state = client.get(f"/api/runs/{run}/")
    assert state["stage"] == "done", state["error"]
    frames = sum(video["n_frames"] for video in videos())
    figure("upload, 12 clips", uploaded - begun, "s")
    figure("then ingest", ingested - uploaded, "s", f"{frames} frames")
    figure("train and score", ended - ingested, "s")
    figure("whole way, unattended", ended - begun, "s", "goal < 1800 s")


def first_page(app: App) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.executable(), args=chromium.ARGUMENTS)
        context = browser.new_context()
        page = context.new_page()
        page.goto(app.sign_in)
        page.wait_for_url(lambda url: "/signin" not in url)
        state = context.storage_state()
        times = []
        for _ in range(PAGE_LOADS):
            fresh = browser.new_context(storage_state=state)  # an empty cache each time
            page = fresh.new_page()
            begun = time.monotonic()
            page.goto(app.url + "/")
            page.get_by_role("heading", level=1).first.wait_for()
            times.append(time.monotonic() - begun)
            fresh.close()
        browser.close()
    figure("first page usable, median", sorted(times)[len(times) // 2], "s", "goal < 1.5 s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=SHARED / "data" / "ped2" / "testing")
    clips = sorted(parser.parse_args().folder.glob("*.mp4"))
    with tempfile.TemporaryDirectory() as folder:
        app = start(Path(folder), "--no-demo")
        try:
            first_page(app)
            if clips:
                whole_way(app, clips)
            else:
                print("The Ped2 test clips are not here; give --folder to time your own.")
        finally:
            stop(app)


if __name__ == "__main__":
    main()
