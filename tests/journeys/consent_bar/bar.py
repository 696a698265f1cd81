"""The consent bar: how to answer it, and what the browser keeps and runs afterwards."""

from contextlib import suppress
from typing import Any

import pytest
from playwright.sync_api import Error, Page, expect

PLANTED = """
window.planted = (window.planted ?? 0) + 1;
document.cookie = "_visits_7=1; path=/";
document.cookie = `_visits_8=1; path=${location.pathname}`;
localStorage.setItem("_visits_store", "1");
localStorage.setItem("kept", "1");
"""


def bar(page: Page) -> Any:
    """Find the bar."""
    return page.locator("#_consent-bar")


def click(page: Page, name: str) -> None:
    """Press one of the bar's buttons and wait for its end."""
    bar(page).get_by_role("button", name=name).click()
    expect(bar(page)).to_be_hidden()


def planted_runs(page: Page) -> int:
    """Count how often the optional script ran on this page view."""
    return page.evaluate("window.planted ?? 0")


def expect_planted(page: Page, *, is_running: bool) -> None:
    """Wait until the optional script ran, once, or does not run any more; the page may load anew meanwhile."""
    for _ in range(100):
        with suppress(Error):
            if planted_runs(page) == int(is_running):
                return
        page.wait_for_timeout(50)
    pytest.fail(f"The optional script {'does not run' if is_running else 'still runs'}.")


def kept(page: Page) -> dict[str, Any]:
    """Name everything that the browser keeps for the site."""
    stored = page.evaluate("[...Object.keys(localStorage), ...Object.keys(sessionStorage)]")
    return {"cookies": sorted(cookie["name"] for cookie in page.context.cookies()), "storage": sorted(stored)}


NOTHING = {"cookies": [], "storage": []}


THE_CHOICE = {"cookies": ["consent"], "storage": []}
