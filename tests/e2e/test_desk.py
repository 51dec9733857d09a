"""The review desk: exact frames, the heatmap in its place, what people decide in two places at once."""

from __future__ import annotations

import random
import re

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e import footage, seed
from tests.e2e.conftest import Console
from tests.e2e.desk import Desk
from tests.e2e.scene import Scene

CLIPS = ("even.mp4", "uneven.mp4", "turned.mp4")


@pytest.mark.parametrize("clip", CLIPS)
def test_the_picture_on_the_screen_is_the_frame_that_the_desk_names(page: Page, scene: Scene, clip: str):
    desk = Desk(page).open(scene.review(clip, frame=50))
    at = 50
    dice = random.Random(clip)
    for _ in range(25):
        key, step = dice.choice([(".", 1), (",", -1)])
        page.keyboard.press(key)
        at = min(max(at + step, 0), footage.FRAMES - 1)
        desk.arrived(at)
        assert desk.painted() == at


def test_the_frame_that_is_named_while_playing_is_the_one_on_the_screen(page: Page, scene: Scene):
    desk = Desk(page).open(scene.review("even.mp4", frame=5))
    desk.arrived(5)
    desk.press("-", "-", "-")  # a quarter of the speed: a slow machine paints late, and that is no failure
    page.wait_for_function("document.querySelector('video').playbackRate === 0.25")
    desk.press("Space")
    pairs = page.evaluate(
        f"""async () => {{
          const video = document.querySelector("video");
          const read = {footage.READ_NUMBER};
          const pairs = [];
          while (pairs.length < 20) {{
            await new Promise((done) => video.requestVideoFrameCallback(done));
            pairs.push([read(video), Number(document.querySelector('[data-testid="frame"]').textContent)]);
          }}
          return pairs;
        }}"""
    )
    # the picture may be one refresh of the screen ahead of the callback that names it
    assert all(abs(painted - named) <= 1 for painted, named in pairs), pairs


@pytest.mark.parametrize("clip", ["even.mp4", "turned.mp4"])
@pytest.mark.parametrize("frame", [27, 133])
def test_the_heatmap_lies_within_half_a_cell_of_what_it_is_about(
    page: Page, scene: Scene, clip: str, frame: int
):
    desk = Desk(page).open(scene.review(clip, frame=frame))
    desk.arrived(frame)
    page.wait_for_function(
        """() => {
          const map = document.querySelector('[data-testid="heatmap"]');
          if (!map || !map.width) return false;
          const pen = new OffscreenCanvas(map.width, map.height).getContext("2d", { willReadFrequently: true });
          pen.drawImage(map, 0, 0);
          return pen.getImageData(0, 0, map.width, map.height).data.some((value) => value > 0);
        }"""
    )
    heat, blob = page.evaluate(
        """() => {
          const middle = (canvas, weight) => {
            const copy = new OffscreenCanvas(canvas.width, canvas.height);
            const pen = copy.getContext("2d", { willReadFrequently: true });
            pen.drawImage(canvas, 0, 0);
            const { data } = pen.getImageData(0, 0, canvas.width, canvas.height);
            const box = canvas.getBoundingClientRect();
            let [sum, x, y] = [0, 0, 0];
            for (let n = 0; n < data.length; n += 4) {
              const w = weight(data[n], data[n + 3], Math.floor(n / 4 / canvas.width) / canvas.height);
              sum += w;
              x += w * (((n / 4) % canvas.width) + 0.5);
              y += w * (Math.floor(n / 4 / canvas.width) + 0.5);
            }
            return [box.left + (x / sum / canvas.width) * box.width, box.top + (y / sum / canvas.height) * box.height];
          };
          const still = document.querySelector('[data-testid="still"]');
          const map = document.querySelector('[data-testid="heatmap"]');
          return [
            middle(map, (_, alpha) => alpha),
            middle(still, (red, _, height) => (height > 0.16 && red > 200 ? 1 : 0)),
          ];
        }"""
    )
    picture = page.get_by_test_id("picture").bounding_box()
    assert picture is not None
    half_a_cell = (
        picture["width"] * (seed.REGION[2] - seed.REGION[0]) / seed.GRID[1] / 2,
        picture["height"] / seed.GRID[0] / 2,
    )
    assert abs(heat[0] - blob[0]) < half_a_cell[0]
    assert abs(heat[1] - blob[1]) < half_a_cell[1]


def test_a_decision_in_one_tab_is_seen_in_the_other_and_not_undone_there(
    context: BrowserContext, scene: Scene, console: Console
):
    console.expect("409")
    tabs = [context.new_page(), context.new_page()]
    for tab in tabs:
        console.watch(tab)
    first, second = (Desk(tab).open(scene.review("uneven.mp4", segment=0)) for tab in tabs)
    about = scene.segments["uneven.mp4"][0]["id"]
    mark = re.compile("accepted|rejected|to review|unsure")
    for tab in tabs:
        tab.get_by_role("button", name="How the desk behaves").click()
        tab.get_by_role("menuitemcheckbox", name="Go on after a decision").click()
        tab.keyboard.press("Escape")
        expect(tab.get_by_role("menu")).to_be_hidden()

    first.press("a")
    state = second.page.get_by_test_id("about").get_by_text(mark)
    expect(state).to_contain_text("accepted")

    second.press("r", "1")
    second.saved()
    expect(first.page.get_by_test_id("about").get_by_text(mark)).to_contain_text("rejected")

    first.press("z")  # takes back what was said here, which is not the newest any more
    expect(first.page.get_by_text("decided this anew meanwhile")).to_be_visible()
    assert scene.my_verdict(about) == "reject"
    scene.forget_verdicts()
    for tab in tabs:
        tab.close()
    assert console.unexpected() == []


def test_a_viewer_sees_what_others_decided(viewer_page: Page, scene: Scene):
    segment = scene.segments["even.mp4"][1]
    scene.decide(segment["id"], "accept")
    desk = Desk(viewer_page).open(scene.review("even.mp4", segment=1))
    expect(viewer_page.get_by_test_id("about").get_by_text(re.compile("accepted"))).to_be_visible()
    expect(viewer_page.get_by_text("You are a viewer here")).to_be_visible()
    scene.forget_verdicts()
    assert desk.frame() == segment["peak_frame"]


def test_a_link_leads_back_to_the_same_frame_and_zoom(page: Page, scene: Scene):
    desk = Desk(page).open(scene.review("even.mp4", frame=30))
    for _ in range(3):
        page.keyboard.press("Shift+ArrowUp")
    page.keyboard.press(".")
    desk.arrived(31)
    page.wait_for_url(re.compile(r"from=\d+"))
    page.wait_for_url(re.compile(r"frame=31"))
    address = page.url
    page.goto("about:blank")

    desk.open(address)

    desk.arrived(31)
    assert re.search(r"from=(\d+)&to=(\d+)", page.url).groups() == (  # type: ignore[union-attr]
        re.search(r"from=(\d+)&to=(\d+)", address).groups()  # type: ignore[union-attr]
    )


def test_the_privacy_view_covers_every_picture(page: Page, scene: Scene):
    desk = Desk(page).open(scene.review("even.mp4", segment=0))
    desk.press("x")
    blurred = page.evaluate(
        """() => [...document.querySelectorAll("main [style*='url(']")].map(
          (one) => getComputedStyle(one).filter)"""
    )
    assert blurred
    assert all("blur" in one for one in blurred)


def test_a_policy_is_saved_by_name_and_applied_to_runs(page: Page, scene: Scene):
    desk = Desk(page).open(scene.review("even.mp4", frame=5))
    items = page.get_by_test_id("live-count").inner_text()
    policy = page.get_by_role("button", name="Policy: how scores become items")
    policy.click()
    page.get_by_role("textbox", name="Name to save this policy under").fill("Strict night")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("button", name="Apply to runs").click()

    dialog = page.get_by_role("dialog", name="Apply “Strict night” to runs")
    dialog.get_by_role("button", name="Apply to 1 run").click()  # nothing may lie over it
    expect(dialog.get_by_text("Done.")).to_be_visible()
    dialog.get_by_role("button", name="Close").last.click()
    expect(page.get_by_test_id("live-count")).to_have_text(items)
    expect(desk.queue.get_by_role("listitem").first).to_be_visible()

    policy.click()
    page.get_by_role("button", name="Delete the policy Strict night").click()
    page.get_by_role("dialog", name="Delete the policy").get_by_role("button", name="Delete policy").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    policy.click()
    expect(page.get_by_role("textbox", name="Name to save this policy under")).to_be_visible()
    expect(page.get_by_role("combobox", name="Saved policy")).to_have_count(0)
