"""The windows and colour schemes in which pages are looked at, one after the other, without loading the page anew."""

from collections.abc import Iterator

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

# A phone, a laptop, a laptop zoomed to 200 %, a phone held sideways. CSS pixels.
WINDOWS = ((390, 844), (1280, 900), (640, 450), (844, 390))


def each_window(page: Page, windows: tuple[tuple[int, int], ...] = WINDOWS) -> Iterator[int]:
    """Give the page each size in turn; yield its width in CSS pixels."""
    for width, height in windows:
        page.set_viewport_size({"width": width, "height": height})
        yield width


def assert_accessible(page: Page) -> None:
    """Check the page by axe, and its colours once more in the dark: nothing else depends on the scheme."""
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    reports = [Axe().run(page)]
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    reports.append(Axe().run(page, options={"runOnly": ["color-contrast"]}))
    for report in reports:
        assert report.violations_count == 0, f"{page.url}\n{report.generate_report()}"
