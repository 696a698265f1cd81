"""Plans an audit of a site and sends visitors in every state of consent through it (`policies.cookie_audit.visitor`).

It drives Playwright, which is a tool for development: only the command `audit_cookies` imports this module. It needs
no database: what is declared is read from the site itself, the cookie table from the record of the cookie policy in
force, the outside services from the content security policy, which the site computes from those in use. It opens
pages and uses the bar, so each audit leaves a few consent records there. What was seen is held against the rules
elsewhere (`policies.cookie_audit.rules`).
"""

import json
import os
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from pathlib import Path
from threading import Timer
from urllib.parse import urlsplit

from playwright.sync_api import (
    APIRequestContext,
    APIResponse,
    Browser,
    Error,
    Playwright,
    ViewportSize,
    sync_playwright,
)

from home.csp import origin_of
from policies.consent import notices
from policies.cookie_audit import csp_sources, rules
from policies.cookie_audit import pages as audit_pages
from policies.cookie_audit.pages import Answer
from policies.cookie_audit.rules import Action, Declared, Sighting, State
from policies.cookie_audit.visitor import AuditError, Limits, Visitor, first_line

BROWSERS = "chromium chromium-browser google-chrome google-chrome-stable chromium-headless-shell".split()
# The last one: services that count visits keep quiet where a browser says that a program drives it.
ARGUMENTS = ["--disable-gpu", "--disable-dev-shm-usage", "--disable-blink-features=AutomationControlled"]
SIZE = ViewportSize(width=1280, height=3000)  # high: what loads only when it comes into view shall load
MOST_REDIRECTS = 10
_MOST_PARTS = 3  # of the site map: they name more pages than are read
playing = sync_playwright  # for the command, which imports no tool for development itself
_SIGNAL = "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', {get: () => true})"


class NoBrowserError(AuditError):
    """There is no browser to look with."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What will be done: these pages in these states, and these actions."""

    declared: Declared
    choice: audit_pages.Choice
    pages: tuple[str, ...]
    states: tuple[State, ...]
    actions: tuple[Action, ...]

    @property
    def visits(self) -> int:
        """How many pages are opened to be looked at."""
        return len(self.pages) * len(self.states) + sum(1 + len(action.then) for action in self.actions)


@dataclass(kw_only=True)
class Seeing:
    """What was seen so far, and what could not be looked at."""

    sightings: list[Sighting] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    undone: list[str] = field(default_factory=list)  # actions that no page offers


def find_browser(playwright: Playwright, named: Path | None = None) -> Path:
    """Return the browser to look with: the one named, else Playwright's own, else one of the system."""
    own = Path(playwright.chromium.executable_path)
    others = (Path(path) for path in map(shutil.which, BROWSERS) if path)
    found = next((path for path in ([named] if named else [own, *others]) if path.is_file()), None)
    if found is None:
        raise NoBrowserError(f"There is no browser {named or 'to look with'}.")
    return found


@contextmanager
def browsing(playwright: Playwright, path: Path, limits: Limits, *, only: str = "") -> Iterator[Browser]:
    """Start a browser, and end it whatever happens: once the time for all is over, in the midst of what it does.

    It finds no other host than `only`, where that is said.
    """
    host = urlsplit(only).hostname
    alone = [f"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE {host}"] if host else []
    try:
        browser = playwright.chromium.launch(executable_path=path, args=[*ARGUMENTS, *alone])
    except Error as error:
        raise NoBrowserError(f"The browser {path} does not start: {first_line(error)}") from None
    # A page can hold up for ever whoever asks it something, but not a signal to the browser.
    processes = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    main = next(process["id"] for process in processes if process["type"] == "browser")
    end = Timer(max(0, limits.end - time.monotonic()), os.kill, (main, signal.SIGKILL))
    end.start()
    try:
        yield browser
    except (AuditError, Error) as error:
        if not limits.is_over:
            words = (
                str(error) if isinstance(error, AuditError) else f"The browser gave up: {first_line(error)}"
            )
            raise AuditError(words) from None
    finally:
        end.cancel()
        with suppress(Error):
            browser.close()


# --- Before the browser opens: which pages, and what is declared ---------------------------------------------
class Site:
    """The site under audit, read without a browser."""

    def __init__(self, playwright: Playwright, url: str, limits: Limits) -> None:
        """Reach the site; where it sends us to another host (from the bare name to www), that one is meant."""
        self.limits = limits
        self._requests: APIRequestContext = playwright.request.new_context(
            timeout=limits.timeout * 1000, max_redirects=MOST_REDIRECTS
        )
        response = self._get(url)
        if response.status >= HTTPStatus.BAD_REQUEST:
            raise AuditError(f"{url} answers {response.status}.")
        self.origin = origin_of(response.url)
        home = self._answer(response)
        if home is None:
            raise AuditError(f"{url} is no page.")
        self.home = home

    def plan(self) -> Plan:
        """Read what is declared, choose the pages, list the states."""
        declared = self.declared()
        choice = audit_pages.choose(self.page, self._seeds(), most=self.limits.most_pages)
        policy = urlsplit(declared.url).path.partition("versions/")[0] or "/"
        return Plan(
            declared=replace(declared, waiting=rules.merged(declared.waiting, choice.waiting)),
            choice=choice,
            pages=tuple(dict.fromkeys(("/", policy, *choice.paths, audit_pages.MISSING))),
            states=tuple(rules.states_of(declared)),
            actions=tuple(rules.registered_actions()),
        )

    def page(self, path: str) -> Answer | None:
        """Fetch a page. Returns None if it is not a page of this site."""
        if self.limits.is_over:
            raise AuditError("The time for the audit was over before all pages were read.")
        try:
            return self._answer(self._get(self.origin + path))
        except AuditError:
            return Answer(self.origin + path, audit_pages.NO_ANSWER, "")

    def declared(self) -> Declared:
        """Read the cookie table in force from its public record. Without a record, nothing is declared."""
        origins = csp_sources.origins_of(self.home.csp)
        choices = self._answer(self._get(f"{self.origin}/cookies/"))
        version = audit_pages.version_in_force(choices) if choices else None
        if version is None:
            return Declared(origins=origins)
        url, number = self.origin + version[0], version[1]
        response = self._get(f"{url}record.json")
        try:
            facts = json.loads(response.text())["facts"]
            categories = notices.categories_of(facts)
            waiting = rules.waiting_for(notices.services_of(facts))
        except (ValueError, KeyError, TypeError, RecursionError):
            raise AuditError(f"{response.url} is no record of a cookie policy ({response.status}).") from None
        return Declared(categories=categories, origins=origins, waiting=waiting, number=number, url=url)

    def _seeds(self) -> list[str]:
        parts = audit_pages.parts_of_site_map(self._site_map("/sitemap.xml"))[:_MOST_PARTS]
        mapped = [path for part in parts for path in audit_pages.paths_of_site_map(self._site_map(part))]
        return ["/", *rules.registered_paths(), *mapped]

    def _site_map(self, path: str) -> bytes:
        response = self._get(f"{self.origin}{path}")
        return response.body() if response.ok else b""

    def _get(self, url: str) -> APIResponse:
        try:
            response = self._requests.get(url)
            response.body()  # it may be too large to be read
        except Error as error:
            raise AuditError(f"{url} cannot be read: {first_line(error)}") from None
        return response

    def _answer(self, response: APIResponse) -> Answer | None:
        is_page = response.headers.get("content-type", "").startswith("text/html")
        if not is_page or origin_of(response.url) != self.origin:
            return None
        csp = response.headers.get("content-security-policy", "")
        return Answer(response.url, response.status, response.body().decode(errors="replace"), csp)


# --- Looking -----------------------------------------------------------------------------------------------
def look(browser: Browser, site: Site, plan: Plan, seeing: Seeing) -> Iterator[str]:
    """Visit everything of the plan and note what is seen; yield a line before each page that is looked at."""
    places: dict[str, str] = {}  # action → where it can be done
    seeing.failures += [f"{path}: it does not answer, or with an error" for path in plan.choice.broken]
    for state in plan.states:
        if state.is_withdrawn:
            continue  # the same visitor goes there, below
        with _arriving(browser, site, state) as visitor:
            if state.has_chosen:
                visitor.choose(state.granted)
            yield from _visit_all(visitor, plan, seeing, places)
            withdrawn = next((other for other in plan.states if other.is_withdrawn), None)
            if withdrawn and state.granted == frozenset(plan.declared.optional):
                visitor.state = withdrawn
                visitor.choose(frozenset(), again=True)
                yield from _visit_all(visitor, plan, seeing, places)
    for action in plan.actions:
        yield from _act(browser, site, action, places.get(action.name), seeing)


@contextmanager
def _arriving(browser: Browser, site: Site, state: State) -> Iterator[Visitor]:
    """Send somebody whose browser was never at the site."""
    context = browser.new_context(
        viewport=SIZE,
        user_agent=_user_agent(browser),
        extra_http_headers={"Sec-GPC": "1"} if state.has_signal else None,
        accept_downloads=False,
    )
    context.set_default_timeout(site.limits.timeout * 1000)
    if state.has_signal:
        context.add_init_script(_SIGNAL)
    try:
        yield Visitor(context, site.origin, state, site.limits)
    finally:
        context.close()


def _user_agent(browser: Browser) -> str:
    """Return what a browser with a screen says: services that count visits leave out those without."""
    major = browser.version.partition(".")[0]
    return f"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{major}.0.0.0 Safari/537.36"


def _visit_all(visitor: Visitor, plan: Plan, seeing: Seeing, places: dict[str, str]) -> Iterator[str]:
    for path in plan.pages:
        yield f"{visitor.state.name} {path}"
        _visit(visitor, path, seeing)
        for action in plan.actions:
            if action.name not in places and visitor.can(action):
                places[action.name] = path


def _visit(visitor: Visitor, path: str, seeing: Seeing) -> None:
    try:
        problem = "" if visitor.open(path) else visitor.restless
    except Error as error:
        problem = first_line(error)
    _see(visitor, path, seeing, problem)


def _see(visitor: Visitor, path: str, seeing: Seeing, problem: str = "") -> None:
    if visitor.leave_if_stuck():
        problem = visitor.restless
    if problem:
        seeing.failures.append(f"{path} ({visitor.state.name}): {problem}")
    seeing.sightings += visitor.see(path)


def _act(browser: Browser, site: Site, action: Action, path: str | None, seeing: Seeing) -> Iterator[str]:
    """Do what visitors do on purpose, before any choice, and look what is kept then."""
    yield f"{action.name} {path or ''}"
    if path is None:
        seeing.undone.append(action.name)
    else:
        with _arriving(browser, site, State(name=action.name)) as visitor:
            visitor.do(action, path)
            _see(visitor, path, seeing)
            for then in action.then:
                yield f"{action.name} {then}"
                _visit(visitor, then, seeing)
