"""A visitor with a browser of their own, who chooses by the bar, opens pages, and tells what the browser keeps.

It drives Playwright, a tool for development. It notes cookies, every kind of storage, and each request to another
origin; the rules stand elsewhere.
"""

import math
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, Error, Frame, Page, Request, Response

from home.csp import origin_of
from policies.cookie_audit.durations import FOR_EVER, SESSION
from policies.cookie_audit.rules import Action, Kind, Seen, Sighting, State

TICK = 25  # milliseconds between two looks at what is under way
AWAKE = 3_000  # milliseconds in which a page or frame answers, unless one of its scripts never ends

_TALKING = ("document", "fetch", "xhr", "other")  # answers that may set a cookie of ours
# The page's own scripts run as far as they go without the network; what waits to be scrolled to waits no more.
_IDLE = """new Promise((done) => {
    for (const lazy of document.querySelectorAll("[loading=lazy]")) lazy.loading = "eager";
    requestIdleCallback(() => done(), {timeout: 1000});
})"""
_BY_VALUE = {"awaitPromise": True, "returnByValue": True}
_HAS_URL = """(frame) => { frame.loading = "eager"; return frame.src.startsWith("http"); }"""
_NOT_YET = ("", "about:blank")  # where a frame is that has not set out for its URL
_STORES = """(async () => {
    const read = async (names) => { try { return await names(); } catch { return []; } };
    return {
        "local storage": await read(() => Object.keys(localStorage)),
        "session storage": await read(() => Object.keys(sessionStorage)),
        "IndexedDB": await read(async () => (await indexedDB.databases()).map((database) => database.name)),
        "cache storage": await read(() => caches.keys()),
    };
})()"""


class AuditError(Exception):
    """The audit cannot be done. The message says why."""


@dataclass(frozen=True)
class Limits:
    """How patient an audit is: seconds for a page, seconds of quiet after which it counts as loaded, and for all."""

    timeout: float = 20.0
    quiet: float = 0.5
    most_pages: int = 40
    end: float = math.inf  # of all, in `time.monotonic`

    @property
    def is_over(self) -> bool:
        return time.monotonic() > self.end


def first_line(error: Exception) -> str:
    """Return in one line what Playwright says in many."""
    line = str(error).strip().partition("\n")[0]
    return line.partition(": ")[2] or line


class Visitor:
    """Somebody in one state of consent; their browser is empty at first."""

    def __init__(self, context: BrowserContext, origin: str, state: State, limits: Limits) -> None:
        self.context, self.origin, self.state, self.limits = context, origin, state, limits
        self.page = self._new_page()
        self._under_way: set[Request] = set()
        self._asked: list[Seen] = []
        self._answers: list[Response] = []
        self._same_site: dict[str, str] = {}  # cookie → what our own answers said
        context.on("request", self._note_request)
        context.on("requestfinished", self._note_end)
        context.on("requestfailed", self._note_failure)
        context.on("response", self._note_answer)

    def _new_page(self) -> Page:
        page = self.context.new_page()
        page.on("websocket", lambda socket: self._note(socket.url, "websocket"))
        return page

    # --- What visitors do ----------------------------------------------------------------------------------
    def open(self, path: str) -> bool:
        """Open a page and wait until it is quiet. Returns whether it came to rest."""
        self._forget()
        self.page.goto(self.origin + path)
        return self._settle()

    @property
    def restless(self) -> str:
        return f"it did not come to rest in {self.limits.timeout:g} s"

    def leave_if_stuck(self) -> bool:
        """Leave a page where a script never ends: nothing can be asked of it, and no other page opens in its place."""
        if self._is_awake():
            return False
        stuck, self.page = self.page, self._new_page()
        stuck.close()
        self._under_way.clear()
        return True

    def _is_awake(self) -> bool:
        """Return whether the page and its frames answer. To evaluate something in one that does not would never end."""
        return all(_answers(frame, min(AWAKE, 1000 * self.limits.timeout)) for frame in self.page.frames)

    def choose(self, categories: frozenset[str], *, again: bool = False) -> None:
        """Allow these categories by the bar; `again` opens it from the foot of the page."""
        bar = self.page.locator("[data-consent-bar]")
        try:
            self.open("/")
            if again:
                self.page.locator("[data-consent-open]").first.click()
            bar.wait_for(state="visible")
            if categories and len(categories) < bar.locator("input[name=category]").count():
                bar.locator("[data-consent-choose]").click()
                for name in sorted(categories):
                    bar.locator(f'input[name=category][value="{name}"]').check()
                bar.locator("[data-consent-save]").click()
            else:
                bar.locator(f"button[name=choice][value={'all' if categories else 'none'}]").click()
            bar.wait_for(state="hidden")
            self._settle()
        except Error as error:
            words = self._refusal() or first_line(error)
            raise AuditError(f"The choice “{self.state.name}” could not be made: {words}") from None

    def _refusal(self) -> str:
        with suppress(Error):
            return self.page.locator("[data-consent-error]").inner_text(timeout=500).strip()
        return ""

    def can(self, action: Action) -> bool:
        """Return whether the page that is open offers it."""
        with suppress(Error):
            return self.page.locator(action.press).first.is_visible()
        return False

    def do(self, action: Action, path: str) -> None:
        """Do something on the page at a path."""
        try:
            self.open(path)
            self._forget()
            self.page.locator(action.press).first.click()
            self._settle()
        except Error as error:
            raise AuditError(f"“{action.name}” could not be done on {path}: {first_line(error)}") from None

    def _settle(self) -> bool:
        """Wait until nothing was under way for a while. Returns False where that is not so within the page's time."""
        started = rested = time.monotonic()
        while time.monotonic() - started < self.limits.timeout:
            self.page.wait_for_timeout(TICK)
            if time.monotonic() - rested >= self.limits.quiet:
                self._idle()
                if not self._is_busy():
                    return True
            if self._is_busy():
                rested = time.monotonic()
        return False

    def _idle(self) -> None:
        """Let the page catch up: on a busy machine it may be quiet only because its scripts are late."""
        with suppress(Error):  # it goes elsewhere meanwhile: then something is under way
            if self._is_awake():
                next(self._ask(_IDLE), None)

    def _is_busy(self) -> bool:
        return bool(self._under_way) or self._has_waiting_frames()

    def _has_waiting_frames(self) -> bool:
        """Return whether a frame was given a URL and has not asked for it yet."""
        with suppress(Error):
            waiting = (frame for frame in self.page.frames[1:] if frame.url in _NOT_YET)
            return any(self._is_awake() and frame.frame_element().evaluate(_HAS_URL) for frame in waiting)
        return False  # it went away while it was looked at

    def _forget(self) -> None:
        """Forget what the page before requested; keep what its answers said of cookies."""
        self._read_answers()
        self._asked.clear()
        self._under_way.clear()

    # --- What they have then -------------------------------------------------------------------------------
    def see(self, path: str) -> list[Sighting]:
        """List what the browser keeps now, and whom it asked since the page was opened."""
        self._read_answers()
        seen = [*self._cookies(), *self._stored(), *dict.fromkeys(self._asked)]
        return [Sighting(state=self.state, page=path, seen=one) for one in seen]

    def _cookies(self) -> Iterator[Seen]:
        host, now = urlsplit(self.origin).hostname or "", time.time()
        for cookie in self.context.cookies():
            domain = cookie["domain"].lstrip(".")
            is_ours = host == domain or host.endswith(f".{domain}")
            yield Seen(
                kind=Kind.COOKIE,
                name=_printable(cookie["name"]),
                host=domain,
                is_ours=is_ours,
                lasts=SESSION if cookie["expires"] < 0 else cookie["expires"] - now,
                same_site=self._same_site.get(cookie["name"]) if is_ours else None,
                is_secure=cookie["secure"],
            )

    def _stored(self) -> Iterator[Seen]:
        for url, stores in self._ask(_STORES):
            host, is_ours = urlsplit(url).hostname or "", origin_of(url) == self.origin
            for kind, names in (stores or {}).items():
                lasts = SESSION if kind == Kind.SESSION else FOR_EVER
                for name in map(_printable, names):
                    yield Seen(kind=Kind(kind), name=name, host=host, is_ours=is_ours, lasts=lasts)

    def _ask(self, script: str) -> Iterator[tuple[str, Any]]:
        """Yield URL and answer of each frame. Its own scripts, in a world of theirs, cannot change what is asked."""
        targets: list[Page | Frame] = [self.page, *self.page.frames[1:]]
        for target in targets:
            with suppress(Error):  # a frame of the page's process is among the page's; another went away
                session = self.context.new_cdp_session(target)
                for frame in _frames_of(session.send("Page.getFrameTree")["frameTree"]):
                    world = session.send("Page.createIsolatedWorld", {"frameId": frame["id"]})
                    asked = {"expression": script, "contextId": world["executionContextId"], **_BY_VALUE}
                    yield frame["url"], session.send("Runtime.evaluate", asked)["result"].get("value")

    def _read_answers(self) -> None:
        """Keep what our own answers say of SameSite: the browser tells “not said” and “Lax” the same way."""
        for answer in self._answers:
            if origin_of(answer.url) != self.origin or answer.request.resource_type not in _TALKING:
                continue
            with suppress(Error):
                self._same_site.update(map(_same_site, answer.header_values("set-cookie")))
        self._answers.clear()

    # --- What the browser tells meanwhile ------------------------------------------------------------------
    def _note_request(self, request: Request) -> None:
        self._under_way.add(request)
        self._note(request.url, request.resource_type)

    def _note_end(self, request: Request) -> None:
        self._under_way.discard(request)

    def _note_answer(self, response: Response) -> None:
        self._answers.append(response)

    def _note_failure(self, request: Request) -> None:
        self._note_end(request)
        if request.failure == "csp":
            self._note(request.url, request.resource_type, is_blocked=True)

    def _note(self, url: str, resource: str, *, is_blocked: bool = False) -> None:
        origin = origin_of(url)
        own = (self.origin, self.origin.replace("http", "ws", 1))
        if origin in own or urlsplit(url).scheme not in ("http", "https", "ws", "wss"):
            return
        seen = Seen(kind=Kind.REQUEST, name=origin, host=origin, is_ours=False, resource=resource)
        if is_blocked and seen in self._asked:  # it was noted when it set out
            self._asked.remove(seen)
        self._asked.append(replace(seen, is_blocked=is_blocked))


def _answers(frame: Frame, within: float) -> bool:
    try:
        frame.wait_for_selector(":root", state="attached", timeout=within)
    except Error:
        return frame.is_detached()
    return True


def _frames_of(tree: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if tree["frame"]["url"].startswith("http"):
        yield tree["frame"]
    for child in tree.get("childFrames", ()):
        yield from _frames_of(child)


def _printable(name: str) -> str:
    """Write out what a terminal would act on: a site could hide a finding, or fake the last line."""
    return "".join(letter if letter.isprintable() else f"\\x{ord(letter):02x}" for letter in name)


def _same_site(header: str) -> tuple[str, str]:
    """Read the name and the SameSite of a Set-Cookie line; the latter is empty where nothing is said."""
    pair, *attributes = (part.strip() for part in header.split(";"))
    said = [value for name, _, value in (a.partition("=") for a in attributes) if name.lower() == "samesite"]
    return pair.partition("=")[0], said[-1] if said else ""
