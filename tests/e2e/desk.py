"""The pages that tests drive, by what a person sees of them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

from tests.e2e.footage import READ_NUMBER


@dataclass
class Desk:
    """The review desk of one video."""

    page: Page

    def open(self, address: str) -> Desk:
        self.page.goto(address)
        expect(self.page.get_by_test_id("picture")).to_be_visible()
        expect(self.queue.get_by_role("listitem").first).to_be_visible()
        return self

    @property
    def queue(self) -> Locator:
        return self.page.get_by_role("list", name="Queue")

    @property
    def toast(self) -> Locator:
        return self.page.get_by_role("status").filter(has_text=re.compile(r"\w"))

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def frame(self) -> int:
        """The number that the desk shows."""
        return int(self.page.get_by_test_id("frame").inner_text().replace(",", ""))

    def painted(self) -> int | None:
        """The number that the picture on the screen shows, read from its pixels."""
        return self.page.evaluate(
            f"""() => {{
              const still = document.querySelector('[data-testid="still"]');
              const shown = getComputedStyle(still).visibility === "visible" ? still : document.querySelector("video");
              return ({READ_NUMBER})(shown);
            }}"""
        )

    def arrived(self, frame: int) -> None:
        """Wait until the picture of this frame is on the screen, as the desk says."""
        expect(self.page.get_by_test_id("frame")).to_have_text(f"{frame:,}")

    def selected(self) -> str:
        return self.queue.locator("[data-chosen]").get_attribute("data-subject") or ""

    def saved(self) -> None:
        expect(self.page.get_by_test_id("saved")).to_have_text("saved")

    def left(self) -> int:
        return int(re.sub(r"\D.*", "", self.page.get_by_test_id("left").inner_text()))
