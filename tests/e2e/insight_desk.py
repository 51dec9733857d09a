"""The tabs of the review desk that explain a run, as a person uses them."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect


class InsightDesk:
    """Page object of the desk's tabs Why, Patterns and Labels."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.map = page.get_by_test_id("pattern-map")

    def open(self, address: str, tab: str) -> None:
        self.page.goto(f"{address}&tab={tab.lower()}")
        expect(self.page.get_by_role("tab", name=tab)).to_have_attribute("aria-selected", "true")

    def reasons(self) -> Locator:
        return self.page.get_by_role("region", name="What stands out").get_by_role("listitem")

    def lasso_everything(self) -> None:
        """Draw a line around the whole map."""
        expect(self.map).to_be_visible()
        box = self.map.bounding_box()
        assert box is not None
        left, top = box["x"] + 2, box["y"] + 2
        right, bottom = box["x"] + box["width"] - 2, box["y"] + box["height"] - 2
        self.page.mouse.move(left, top)
        self.page.mouse.down()
        for x, y in ((right, top), (right, bottom), (left, bottom), (left, top)):
            self.page.mouse.move(x, y, steps=4)
        self.page.mouse.up()

    def arrange_by_tsne(self) -> None:
        self.page.get_by_text("t-SNE", exact=True).click()
        self.page.get_by_role("button", name="Make it").click()
