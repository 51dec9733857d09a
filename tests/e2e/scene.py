"""A project on the installation under test, with scored footage whose frames are known."""

from __future__ import annotations

import base64
import json
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import requests

from tests.e2e import footage
from tests.e2e.installation import App

READY_S = 120


@dataclass
class Scene:
    """Addresses and ids of the project, and what its people may do by script."""

    app: App
    token: str
    project: str = ""
    run: str = ""
    videos: dict[str, str] = field(default_factory=dict)
    segments: dict[str, list[dict]] = field(default_factory=dict)

    def review(self, clip: str, *, frame: int | None = None, segment: int | None = None) -> str:
        query: dict[str, str] = {"run": self.run}
        if segment is not None:
            chosen = self.segments[clip][segment]
            query |= {"segment": chosen["id"], "frame": str(chosen["peak_frame"])}
        if frame is not None:
            query["frame"] = str(frame)
        return f"{self.app.url}/projects/{self.project}/review/{self.videos[clip]}?{urlencode(query)}"

    def page(self, name: str) -> str:
        return f"{self.app.url}/projects/{self.project}/{name}"

    def api(self, method: str, path: str, **more: object) -> dict:
        answer = requests.request(
            method, self.app.url + path, headers={"Authorization": f"Token {self.token}"}, timeout=30, **more
        )  # type: ignore[arg-type]
        assert answer.ok, answer.text
        return answer.json()

    def decide(self, segment: str, decision: str) -> None:
        self.api(
            "POST",
            "/api/verdicts/",
            json={"client_key": str(uuid.uuid4()), "segment": segment, "decision": decision},
        )

    def my_verdict(self, segment: str) -> str | None:
        verdict = self.api("GET", f"/api/segments/{segment}/")["verdict"]
        return verdict and verdict["decision"]

    def forget_verdicts(self) -> None:
        """Take back all I said, for the next test."""
        said = self.api(
            "GET", f"/api/verdicts/?project={self.project}&current=true&reviewer=me&page_size=500"
        )
        for verdict in said["results"]:
            about = {"segment": verdict["subject"]}
            if verdict["drawn"]:
                about = {"video": verdict["video"], "subject": verdict["subject"]}
            self.api(
                "POST",
                "/api/verdicts/",
                json={
                    "client_key": str(uuid.uuid4()),
                    "decision": "withdrawn",
                    "start": verdict["start"],
                    "stop": verdict["stop"],
                    **about,
                },
            )


def make(app: App, folder: Path, *, frames: int = footage.FRAMES) -> Scene:
    """Upload three clips of one scene, wait until they are read, and give them a scored run."""
    made = Scene(app=app, token=app.manage("token", "admin").split()[-1])
    made.project = made.api("POST", "/api/projects/", json={"name": "Gate"})["id"]
    clips = [
        footage.write(folder / "even.mp4", frames=frames),
        footage.write(folder / "uneven.mp4", uneven=True, frames=frames),
        footage.write(folder / "turned.mp4", turned=True, frames=frames),
    ]
    for path in clips:
        upload(made, path)
    made.videos = {path.name: wait(made, path.name) for path in clips}
    made.run = seeded(app, f"seed.score({made.project!r})")["run"]
    for name, video in made.videos.items():
        query = f"run={made.run}&video={video}&order=time&page_size=500"
        made.segments[name] = made.api("GET", f"/api/segments/?{query}")["results"]
    return made


def seeded(app: App, call: str) -> dict:
    """Call something of tests.e2e.seed inside the installation, and return what it printed."""
    return json.loads(app.manage("shell", "-c", f"from tests.e2e import seed; {call}").splitlines()[-1])


def upload(scene: Scene, path: Path) -> None:
    def encoded(text: str) -> str:
        return base64.b64encode(text.encode()).decode()

    content = path.read_bytes()
    answer = requests.post(
        f"{scene.app.url}/api/uploads/",
        data=content,
        timeout=60,
        headers={
            "Authorization": f"Token {scene.token}",
            "Tus-Resumable": "1.0.0",
            "Upload-Length": str(len(content)),
            "Upload-Metadata": f"filename {encoded(path.name)},project {encoded(scene.project)}",
            "Content-Type": "application/offset+octet-stream",
        },
    )
    assert answer.status_code == 201, answer.text


def wait(scene: Scene, name: str) -> str:
    """Return the id of a video once it is ready."""
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        for video in scene.api("GET", f"/api/videos/?project={scene.project}&page_size=100")["results"]:
            assert video["state"] != "rejected", video["reason"]
            if video["name"] == name and video["state"] == "ready":
                return video["id"]
        time.sleep(0.3)
    raise AssertionError(f"{name} did not become ready")
