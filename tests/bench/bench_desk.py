"""How does the review desk hold up? `python -m tests.bench.bench_desk [timeline] [steps] [verdicts]`

Starts a real installation, fills it with rows and curves, and drives the desk in Chromium, with the mouse and keys of a
person. Prints one JSON line a figure. Build the front end first (`make bench` does).

timeline: 24 hours at 25 fps (2,160,000 values a curve), four runs shown, 20,000 segments. Frame intervals and long
          tasks while panning and zooming, memory, and whether a peak of one frame is drawn at every zoom.
steps:    1,000 frame steps forward and back on even, uneven and turned footage: is the number that the desk shows
          the number that is painted into the picture on the screen?
verdicts: 200 verdicts by keys, from the key to the picture of the next item.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from tests.e2e import chromium, footage, scene
from tests.e2e.desk import Desk
from tests.e2e.installation import App, start, stop

DAY = 24 * 3600 * 25
SPIKE = DAY // 2
SEGMENTS = 20_000
RUNS = 4
STEPS = 1000
VERDICTS = 200
LONG_TASK_MS = 50
CLIPS = ("even.mp4", "uneven.mp4", "turned.mp4")
MORE_ARGUMENTS = ["--enable-precise-memory-info", "--js-flags=--expose-gc"]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("parts", nargs="*", choices=[[], *PARTS], default=[])
    arguments.add_argument("--steps", type=int, default=STEPS)
    arguments.add_argument("--verdicts", type=int, default=VERDICTS)
    asked = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder, installation(Path(folder)) as (app, browser):
        for name in asked.parts or PARTS:
            PARTS[name](app, browser, Path(folder), asked)


def timeline(app: App, browser: Browser, folder: Path, asked: argparse.Namespace) -> None:
    token = app.manage("token", "admin").split()[-1]
    made = scene.Scene(app=app, token=token)
    made.project = made.api("POST", "/api/projects/", json={"name": "A day"})["id"]
    began = time.perf_counter()
    ids = scene.seeded(
        app, f"seed.a_day({made.project!r}, runs={RUNS}, segments={SEGMENTS}, frames={DAY}, spike={SPIKE})"
    )
    print(f"seeded in {time.perf_counter() - began:.0f} s")
    with window(app, browser) as page:
        session = page.context.new_cdp_session(page)
        page.add_init_script(WATCH)
        query = urlencode({"run": ids["runs"][0], "frame": 1000})
        began = time.perf_counter()
        page.goto(f"{app.url}/projects/{made.project}/review/{ids['video']}?{query}")
        page.get_by_test_id("timeline").wait_for()
        page.get_by_role("list", name="Queue").get_by_role("listitem").first.wait_for()
        settle(page)
        figure("a day with 20,000 segments, until all is there", time.perf_counter() - began, "s")
        show_all_runs(page)
        pan_and_zoom(page)
        find_the_spike(page)
        weigh(page, session)


def show_all_runs(page: Page) -> None:
    page.get_by_role("button", name=re.compile("Curves of")).click()
    for box in page.get_by_role("checkbox", name=re.compile("run [1-3]")).all():
        box.check()
    page.keyboard.press("Escape")
    settle(page)


def pan_and_zoom(page: Page) -> None:
    box = page.get_by_test_id("timeline").bounding_box()
    assert box is not None
    left, width, y = box["x"], box["width"], box["y"] + 40
    page.mouse.move(left + width / 2, y)
    zooms = ((0, "a whole day"), (6, "hours"), (6, "minutes"), (7, "seconds"))
    for notches, name in zooms:
        measure(page, f"zoom to {name}" if notches else "", partial(wheel, page, notches))
        settle(page)
        measure(page, f"pan by dragging, {name}", lambda: drag(page, left, width, y))
        measure(page, f"pan by wheel, {name}", lambda: pan_by_wheel(page))
        settle(page)
        page.mouse.move(left + width / 2, y)
    measure(page, "zoom from frames to the day and back", lambda: (wheel(page, -20), wheel(page, 20)))
    page.mouse.dblclick(left + width / 2, y)
    settle(page)


def wheel(page: Page, notches: int) -> None:
    for _ in range(abs(notches)):
        for _ in range(4):  # a notch of 100 arrives in parts, as a smooth wheel sends it
            page.mouse.wheel(0, -60 if notches > 0 else 60)


def drag(page: Page, left: float, width: float, y: float) -> None:
    for _ in range(3):
        page.mouse.move(left + width * 0.9, y)
        page.mouse.down()
        page.mouse.move(left + width * 0.1, y, steps=60)
        page.mouse.up()
        page.mouse.move(left + width * 0.1, y)
        page.mouse.down()
        page.mouse.move(left + width * 0.9, y, steps=60)
        page.mouse.up()


def pan_by_wheel(page: Page) -> None:
    for direction in (1, -1, 1, -1):
        for _ in range(40):
            page.mouse.wheel(direction * 40, 0)


def measure(page: Page, name: str, act) -> None:  # type: ignore[no-untyped-def]
    """Do it, and print what the screen was like meanwhile; an empty name: only do it."""
    page.evaluate("watch.begin()")
    act()
    seen = page.evaluate("watch.end()")
    if not name:
        return
    intervals = seen["intervals"]
    figure(f"{name}: frame interval, median", float(np.median(intervals)), "ms", compared_to="goal 16.7")
    figure(f"{name}: frame interval, p95", float(np.percentile(intervals, 95)), "ms")
    longest = max(seen["tasks"], default=0)
    figure(
        f"{name}: long tasks",
        len(seen["tasks"]),
        f"over {LONG_TASK_MS} ms",
        compared_to=f"goal 0; longest {longest:.0f} ms",
    )


def find_the_spike(page: Page) -> None:
    """Zoom in on the one frame that is highest: is the top of the curve there at every zoom?"""
    box = page.get_by_test_id("timeline").bounding_box()
    assert box is not None
    x = box["width"] * SPIKE / DAY
    page.mouse.move(box["x"] + x, box["y"] + 40)
    seen = [page.evaluate(TOP_OF_CURVE)]
    for _ in range(24):
        wheel(page, 1)
        settle(page)
        seen.append(page.evaluate(TOP_OF_CURVE))
    lost = [n for n, y in enumerate(seen) if y is None or abs(y - seen[0]) > 2]
    figure("zooms at which a peak of one frame is lost", len(lost), f"of {len(seen)}", compared_to="goal 0")
    figure(
        "height of that peak over all zooms: largest difference",
        max(abs((y or 0) - seen[0]) for y in seen),
        "pixels",
    )
    page.mouse.dblclick(box["x"] + x, box["y"] + 40)
    settle(page)


def weigh(page: Page, session: CDPSession) -> None:
    page.evaluate("gc()")
    heap = page.evaluate("performance.memory.usedJSHeapSize") / 1e6
    figure("JavaScript heap, a day, four runs, after panning", heap, "MB", compared_to="goal 300")
    browser = page.context.browser
    assert browser is not None
    processes = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    pages = [resident(one["id"]) for one in processes if one["type"] == "renderer"]
    figure("memory of the page's process (PSS)", max(pages), "MB", compared_to="goal 300")


def resident(pid: int) -> float:
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    found = re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)
    assert found is not None
    return int(found.group(1)) / 1000


def steps(app: App, browser: Browser, folder: Path, asked: argparse.Namespace) -> None:
    made = footage_scene(app, folder)
    dice = random.Random(0)
    for clip in CLIPS:
        with window(app, browser) as page:
            desk = Desk(page).open(made.review(clip, frame=100))
            desk.arrived(100)
            at, wrong, took = 100, [], []
            for n in range(asked.steps):
                forward = dice.random() < (0.8 if n < asked.steps / 2 else 0.2)
                at = min(max(at + (1 if forward else -1), 0), footage.FRAMES * 3 - 1)
                found = page.evaluate(STEP, ["." if forward else ",", at, n % 10 == 0])
                took.append(found["took"])
                if any(painted != at for painted in found["painted"]) or found["named"] != at:
                    wrong.append((at, found))
            figure(
                f"{clip}: steps that show another frame than they name",
                len(wrong),
                f"of {asked.steps}",
                compared_to="goal 0",
            )
            figure(f"{clip}: from the key to the frame, median", float(np.median(took)), "ms")
            for at, found in wrong[:5]:
                print(f"  wanted {at}: {found}")


def verdicts(app: App, browser: Browser, folder: Path, asked: argparse.Namespace) -> None:
    made = footage_scene(app, folder)
    run = scene.seeded(app, f"seed.many({made.project!r}, segments={asked.verdicts + 30})")["run"]
    found = made.api("GET", f"/api/segments/?run={run}&order=score&page_size=500")["results"]
    peaks = {one["id"]: one["peak_frame"] for one in found}
    first = found[0]
    with window(app, browser) as page:
        query = urlencode({"run": run, "segment": first["id"], "frame": first["peak_frame"]})
        desk = Desk(page).open(f"{app.url}/projects/{made.project}/review/{first['video']}?{query}")
        desk.arrived(first["peak_frame"])
        page.evaluate("(peaks) => { window.peaks = peaks; }", peaks)
        page.wait_for_timeout(1000)
        here, elsewhere = [], []
        for n in range(asked.verdicts):
            keys = (["a"], ["r", "3"], ["u"])[n % 3]
            *before, last = keys
            for key in before:
                page.keyboard.press(key)
            took = page.evaluate(DECIDE, last)
            (elsewhere if took["moved"] else here).append(took["took"])
            page.wait_for_timeout(300)  # nobody decides faster
        desk.saved()
        left = made.api("GET", f"/api/segments/?run={run}&state=open&page_size=1")["count"]
        figure("verdicts that reached the server", len(found) - left, f"of {asked.verdicts}")
        for name, values in (
            ("any item", here + elsewhere),
            ("same video", here),
            ("another video", elsewhere),
        ):
            if values:
                figure(
                    f"key to the next item painted, {name}, median",
                    float(np.median(values)),
                    "ms",
                    compared_to="goal 150",
                )
                figure(f"key to the next item painted, {name}, p95", float(np.percentile(values, 95)), "ms")


_scenes: dict[str, scene.Scene] = {}


def footage_scene(app: App, folder: Path) -> scene.Scene:
    if app.url not in _scenes:
        _scenes[app.url] = scene.make(app, folder, frames=3 * footage.FRAMES)
    return _scenes[app.url]


PARTS = {"timeline": timeline, "steps": steps, "verdicts": verdicts}


# ---- the browser ----


@contextmanager
def installation(folder: Path) -> Iterator[tuple[App, Browser]]:
    app = start(folder / "data", "--no-demo")
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=chromium.executable(), args=[*chromium.ARGUMENTS, *MORE_ARGUMENTS]
            )
            context = browser.new_context()
            page = context.new_page()
            page.goto(app.sign_in)
            page.wait_for_url(lambda url: "/signin" not in url)
            context.storage_state(path=folder / "session.json")
            context.close()
            yield app, browser
            browser.close()
    finally:
        stop(app)


@contextmanager
def window(app: App, browser: Browser) -> Iterator[Page]:
    context = browser.new_context(
        storage_state=app.data.parent / "session.json", viewport={"width": 1280, "height": 800}
    )
    context.set_default_timeout(60_000)
    yield context.new_page()
    context.close()


def settle(page: Page) -> None:
    """Wait until no more curves are asked for."""
    page.wait_for_timeout(150)
    page.wait_for_load_state("networkidle")


def figure(name: str, value: float, unit: str, **more: str) -> None:
    print(json.dumps({"figure": name, "value": round(value, 2), "unit": unit, **more}), flush=True)


# Collects frame intervals and long tasks between begin and end.
WATCH = """
window.watch = (() => {
  let intervals = [], tasks = [], last = null, on = false;
  new PerformanceObserver((list) => {
    if (on) for (const entry of list.getEntries()) tasks.push(entry.duration);
  }).observe({ type: "longtask" });
  const tick = (now) => {
    if (!on) return;
    if (last !== null) intervals.push(now - last);
    last = now;
    requestAnimationFrame(tick);
  };
  return {
    begin() { intervals = []; tasks = []; last = null; on = true; requestAnimationFrame(tick); },
    async end() { await new Promise((done) => setTimeout(done, 60)); on = false; return { intervals, tasks }; },
  };
})();
"""

# The highest pixel, in CSS pixels from the top, that is much more colourful than the ground, of the whole plot.
TOP_OF_CURVE = """
() => {
  const canvas = document.querySelector('[data-testid="timeline"]');
  const copy = new OffscreenCanvas(canvas.width, canvas.height);
  const pen = copy.getContext("2d", { willReadFrequently: true });
  pen.drawImage(canvas, 0, 0);
  const { data } = pen.getImageData(0, 0, canvas.width, canvas.height);
  for (let y = 20; y < canvas.height; y += 1) {
    for (let x = 0; x < canvas.width; x += 1) {
      const n = (y * canvas.width + x) * 4;
      const [red, green, blue] = [data[n], data[n + 1], data[n + 2]];
      if (Math.max(red, green, blue) - Math.min(red, green, blue) > 60) return y * canvas.clientHeight / canvas.height;
    }
  }
  return null;
}
"""

PAINTED = f"""
const painted = () => {{
  const still = document.querySelector('[data-testid="still"]');
  const isStill = getComputedStyle(still).visibility === "visible";
  return [({footage.READ_NUMBER})(isStill ? still : document.querySelector("video")), isStill];
}};
const named = () => Number(document.querySelector('[data-testid="frame"]').textContent.replace(/,/g, ""));
const press = (key) => document.body.dispatchEvent(
  new KeyboardEvent("keydown", {{ key, code: key.length === 1 && /[a-z]/.test(key) ? "Key" + key.toUpperCase() : "", bubbles: true, cancelable: true }}));
"""

# Press a step key; when the desk names the frame, read the picture; and once more when the exact still lies over it.
STEP = (
    "async ([key, wanted, andStill]) => {"
    + PAINTED
    + """
  const began = performance.now();
  press(key);
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  while (named() !== wanted && performance.now() - began < 5000) await frame();
  const took = performance.now() - began;
  const seen = [painted()[0]];
  while (andStill && !painted()[1] && performance.now() - began < 5000) await frame();
  if (andStill) seen.push(painted()[0]);
  return { took, painted: seen, named: named() };
}"""
)

# Press a verdict key; done when the picture of the item that is chosen then is its peak.
DECIDE = (
    "async (key) => {"
    + PAINTED
    + """
  const chosen = () => new URLSearchParams(location.search).get("segment");
  const [before, path] = [chosen(), location.pathname];
  const began = performance.now();
  press(key);
  for (;;) {
    await new Promise((done) => requestAnimationFrame(done));
    const now = chosen();
    const picture = document.querySelector("video");
    if (now !== before && picture && painted()[0] === window.peaks[now] && named() === window.peaks[now]) break;
    if (performance.now() - began > 10000) throw new Error(`the next item did not come: ${now}, ${painted()}`);
  }
  return { took: performance.now() - began, moved: location.pathname !== path };
}"""
)


if __name__ == "__main__":
    main()
