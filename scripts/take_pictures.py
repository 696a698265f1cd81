"""Take the pictures of the README anew (`make pictures`): one for each person, of the demo in a database of its own."""

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from programs_for_tests import find_chromium

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs/pictures"
SIZE = {"width": 1200, "height": 900}  # pixels
# File, button of /demo/ that signs somebody in, and what is shown.
SHOWN = (
    ("visitor.png", "", "/privacy-policy/compare/2/3/"),
    ("shopper.png", "", "/shop/enamel-mug/"),
    ("trader.png", "Open as owner", "/admin/"),
)


def free_port() -> int:
    """Return a port that is free, as is the next one."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1]) // 2 * 2


@contextmanager
def demo(folder: str) -> Iterator[str]:
    """Serve the demo with what it writes in a folder; give its URL."""
    port = free_port()
    variables = {
        "ENV_FILE": os.devnull,
        "PORT": str(port),
        "DATABASE_URL": f"sqlite:///{folder}/db.sqlite3",
        "CACHE_URL": f"filecache://{folder}/cache",
        "MEDIA_STORAGE_URL": f"file://{folder}/media",
        "PRIVATE_STORAGE_URL": f"file://{folder}/private",
        "EMAIL_URL": f"filemail://{folder}/mail",
        "SITE_URL": "",
    }
    script = [sys.executable, str(ROOT / "scripts/run.py")]
    with subprocess.Popen(script, env={**os.environ, **variables}, stdout=subprocess.PIPE, text=True) as run:
        try:
            assert run.stdout
            if not any("Stop it with" in line for line in run.stdout):
                sys.exit("The demo did not start.")
            yield f"http://127.0.0.1:{port}"
        finally:
            run.terminate()


def take(browser: Browser, site: str, file: str, button: str, path: str) -> None:
    """Take one picture: cookies rejected, as somebody, without what moves."""
    with browser.new_context(viewport=SIZE, base_url=site, reduced_motion="reduce") as context:  # type: ignore[arg-type]  # sizes are a TypedDict
        page = context.new_page()
        page.goto("/")
        page.get_by_role("button", name="Reject all").click()
        page.get_by_role("button", name="Reject all").wait_for(state="hidden")
        if button:
            page.goto("/demo/")
            page.get_by_role("button", name=button).click()
        page.goto(path)
        page.wait_for_load_state("networkidle")
        if (changed := page.locator("main ins")).count():
            changed.nth(1).scroll_into_view_if_needed()
            page.mouse.wheel(0, SIZE["height"] // 3)
            page.wait_for_timeout(500)
        page.screenshot(path=PICTURES / file)
        print(PICTURES / file)


def main() -> None:
    """Take all of them."""
    chromium = find_chromium()
    if chromium is None:
        sys.exit("There is no Chromium: run `make test` once, which installs one.")
    with tempfile.TemporaryDirectory() as folder, demo(folder) as site, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for file, button, path in SHOWN:
            take(browser, site, file, button, path)
        browser.close()


if __name__ == "__main__":
    main()
