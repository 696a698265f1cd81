"""What a site was seen to keep in a browser and to ask of others, held against what its cookie policy declares.

These are the rules of `manage.py audit_cookies`. They are handed what was seen (by `policies.cookie_audit.browser`)
and what is declared, and return findings; they know no browser, no network and no database. `durations` and
`csp_sources` read what is declared. Apps contribute by hook what a crawl would not find by itself: paths that no page
links to, and what visitors do on purpose.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from home.hooks import collect
from policies.consent.cookies import COOKIE_NAME
from policies.consent.notices import Category, DeclaredCookie, Service
from policies.cookie_audit.csp_sources import allows
from policies.cookie_audit.durations import FOR_EVER, SESSION, UNITS, in_words, lifetime


class Kind(StrEnum):
    """What can be seen."""

    COOKIE = "cookie"
    LOCAL = "local storage"
    SESSION = "session storage"
    INDEXED_DB = "IndexedDB"
    CACHE = "cache storage"
    REQUEST = "request"


# Where the declaration says a thing is kept. It has no words of its own for databases and caches; they last as local
# storage does, so they are declared as that.
_DECLARED_AS = {Kind.COOKIE: "cookie", Kind.SESSION: "session"}
_DECLARED_AS |= dict.fromkeys((Kind.LOCAL, Kind.INDEXED_DB, Kind.CACHE), "local")


class Problem(StrEnum):
    """What can be wrong."""

    UNDECLARED = "undeclared"
    EARLY = "without consent"
    LEFT_BEHIND = "left behind"
    LONGER = "longer than declared"
    PARTY = "other party than declared"
    FLAGS = "flags"


@dataclass(frozen=True, kw_only=True)
class State:
    """What a visitor has chosen when pages are visited."""

    name: str
    granted: frozenset[str] = frozenset()
    has_chosen: bool = False
    is_withdrawn: bool = False  # by the visitor who had allowed everything
    has_signal: bool = False  # Global Privacy Control


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One thing that was kept, or one origin that was asked. For a request, `name` and `host` are the origin."""

    kind: Kind
    name: str
    host: str
    is_ours: bool
    lasts: float | None = None  # seconds; None where it cannot be read
    same_site: str | None = None  # None where it is not known what the answer said, "" where it said nothing
    is_secure: bool | None = None
    resource: str = ""  # what kind of thing was asked for
    is_blocked: bool = False  # the content security policy stopped it


@dataclass(frozen=True, kw_only=True)
class Sighting:
    """Something seen, with where and when."""

    state: State
    page: str
    seen: Seen


@dataclass(frozen=True, kw_only=True)
class Declared:
    """What the site says of itself: the frozen cookie table in force, and whom its pages may ask, and when."""

    categories: tuple[Category, ...] = ()
    origins: frozenset[str] = frozenset()
    waiting: Mapping[str, frozenset[str]] = field(default_factory=dict)  # origin → categories it waits for
    number: int | None = None
    url: str = ""

    @property
    def optional(self) -> tuple[str, ...]:
        """The categories that a visitor can choose about."""
        return tuple(sorted(category.varname for category in self.categories if category.is_offered))

    def knows(self, origin: str) -> bool:
        """Return whether an outside service of the site has this origin."""
        return any(allows(source, origin) for source in self.origins)

    def names(self, varnames: Iterable[str]) -> str:
        """Return categories as visitors read them."""
        return ", ".join(category.name for category in self.categories if category.varname in varnames)

    def of(self, seen: Seen) -> list[tuple[Category, DeclaredCookie]]:
        """Return what is declared under this name and kind of storage; of the same party where there is such."""
        found = [
            (category, cookie)
            for category in self.categories
            for cookie in category.cookies
            if (cookie.storage or "cookie") == _DECLARED_AS.get(seen.kind) and matches(cookie.name, seen.name)
        ]
        return [pair for pair in found if is_of_party(pair[1], seen)] or found


@dataclass(frozen=True)
class Finding:
    """Something that is not as declared, in one or more states; `page` is the first on which it was seen."""

    problem: Problem
    kind: Kind
    name: str
    host: str
    why: str
    states: tuple[str, ...]
    page: str


@dataclass(frozen=True)
class Row:
    """One line of the table: what was seen, in which states, first on which page, and as what it is declared."""

    kind: Kind
    name: str
    host: str
    states: tuple[str, ...]
    page: str
    declared_in: tuple[str, ...]


# --- What apps contribute ----------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class Action:
    """Something that visitors do on purpose, and for which the site may keep what is necessary at once.

    The first page with something visible that the CSS selector `press` finds is where it is done; then the paths of
    `then` are visited, as the same visitor.
    """

    name: str
    press: str
    then: tuple[str, ...] = ()


def registered_paths() -> list[str]:
    """Return the paths that apps contribute. None needs the database: the site may stand elsewhere."""
    return collect("register_audit_paths")


def registered_actions() -> list[Action]:
    return collect("register_audit_actions", key=lambda action: action.name)


Problems = Iterator[tuple[Problem, str]]  # what is wrong, and why


# --- The rules -----------------------------------------------------------------------------------------
def states_of(declared: Declared) -> list[State]:
    """List the states that visitors can be in; without anything to choose, two are left."""
    states = [State(name="before"), State(name="signal", has_signal=True)]
    if not (names := declared.optional):
        return states
    alone = names if len(names) > 1 else ()  # a single one alone is all of them
    return [
        *states,
        State(name="rejected", has_chosen=True),
        *(State(name=f"only {name}", granted=frozenset({name}), has_chosen=True) for name in alone),
        State(name="all", granted=frozenset(names), has_chosen=True),
        State(name="withdrawn", has_chosen=True, is_withdrawn=True),
    ]


def findings(sightings: Iterable[Sighting], declared: Declared, *, is_https: bool) -> list[Finding]:
    """Return what is not as declared, each problem once with all states in which it was met."""
    found: dict[tuple[Problem, Kind, str, str, str], list[Sighting]] = {}
    for sighting in sightings:
        seen = sighting.seen
        for problem, why in problems(seen, sighting.state, declared, is_https=is_https):
            found.setdefault((problem, seen.kind, seen.name, seen.host, why), []).append(sighting)
    made = [Finding(*key, *_where(met)) for key, met in found.items()]
    order = list(Problem)
    return sorted(made, key=lambda finding: (order.index(finding.problem), finding.kind, finding.name))


def _where(met: list[Sighting]) -> tuple[tuple[str, ...], str]:
    """Return in which states something was met, and on which page first."""
    return tuple(dict.fromkeys(sighting.state.name for sighting in met)), met[0].page


def problems(seen: Seen, state: State, declared: Declared, *, is_https: bool = False) -> Problems:
    """Return what is wrong with one thing in one state."""
    if seen.kind == Kind.REQUEST:
        yield from _problems_of_request(seen, state, declared)
        return
    entries = declared.of(seen)
    if not entries:
        yield Problem.UNDECLARED, "the cookie policy does not name it"
    elif not any(category.is_required or category.varname in state.granted for category, _ in entries):
        category = entries[0][0].name
        if state.is_withdrawn:
            yield Problem.LEFT_BEHIND, f"“{category}” was withdrawn and it is still there"
        else:
            yield Problem.EARLY, f"“{category}” was not allowed"
    yield from _problems_of_declaration(seen, [cookie for _, cookie in entries])
    if seen.name == COOKIE_NAME or any(category.is_required for category, _ in entries):
        yield from _problems_of_flags(seen, is_https=is_https)


def _problems_of_request(seen: Seen, state: State, declared: Declared) -> Problems:
    stopped = "; the content security policy stopped it" if seen.is_blocked else ""
    if not state.granted:
        problem = Problem.LEFT_BEHIND if state.is_withdrawn else Problem.EARLY
        yield problem, f"a third party was asked while nothing was allowed ({seen.resource}){stopped}"
    elif (waits_for := declared.waiting.get(seen.name)) and not waits_for & state.granted:
        yield Problem.EARLY, f"{declared.names(waits_for)} was not allowed ({seen.resource}){stopped}"
    elif not declared.knows(seen.name):
        why = f"no outside service of this site has this origin ({seen.resource}){stopped}"
        yield Problem.UNDECLARED, why


def _problems_of_declaration(seen: Seen, cookies: list[DeclaredCookie]) -> Problems:
    if not cookies:
        return
    if not any(is_of_party(cookie, seen) for cookie in cookies):
        own = "declared as a third party’s, but kept for this site, where withdrawing does not remove it"
        foreign = "declared as this site’s own, but kept for a third party"
        yield Problem.PARTY, own if seen.is_ours else foreign
    limits = [lifetime(cookie.duration) for cookie in cookies]
    longest = max((limit for limit in limits if limit is not None), default=SESSION)
    if seen.lasts is None or None in limits or (seen.lasts == FOR_EVER and longest > SESSION):
        return  # nothing to compare; scripts may remove in time what has no end of its own
    grace = longest * 0.02 + UNITS["minute"] if longest > SESSION else 0  # clocks and calendars differ
    if seen.lasts > longest + grace:
        yield Problem.LONGER, f"declared “{cookies[0].duration}”, but it {in_words(seen.lasts)}"


def _problems_of_flags(seen: Seen, *, is_https: bool) -> Problems:
    if seen.kind != Kind.COOKIE or not seen.is_ours:
        return
    if seen.same_site is not None and seen.same_site.lower() not in ("lax", "strict"):
        yield Problem.FLAGS, f"SameSite is {seen.same_site or 'missing'}"
    if is_https and seen.is_secure is False:
        yield Problem.FLAGS, "Secure is missing"


def rows(sightings: Iterable[Sighting], declared: Declared) -> list[Row]:
    """Sum up what was seen, by its declared name where that is a pattern."""
    found: dict[tuple[Kind, str, str], list[Sighting]] = {}
    for sighting in sightings:
        seen, entries = sighting.seen, declared.of(sighting.seen)
        name = entries[0][1].name if entries else seen.name
        found.setdefault((seen.kind, name, seen.host), []).append(sighting)
    made = [Row(*key, *_where(met), _declared_in(met[0].seen, declared)) for key, met in found.items()]
    return sorted(made, key=lambda row: (list(Kind).index(row.kind), row.name, row.host))


def _declared_in(seen: Seen, declared: Declared) -> tuple[str, ...]:
    if seen.kind != Kind.REQUEST:
        return tuple(dict.fromkeys(category.name for category, _ in declared.of(seen)))
    if not declared.knows(seen.name):
        return ()
    waits_for = declared.waiting.get(seen.name)
    return (declared.names(waits_for) if waits_for else "an outside service",)


def never_seen(sightings: Iterable[Sighting], declared: Declared) -> list[str]:
    """Return what is declared but was not met. This is not a fault: an audit does not do everything."""
    met = {id(cookie) for seen in {one.seen for one in sightings} for _, cookie in declared.of(seen)}
    return [c.name for category in declared.categories for c in category.cookies if id(c) not in met]


# --- Names, parties, what is waited for ------------------------------------------------------------------------
def matches(pattern: str, name: str) -> bool:
    """Return whether a declared name, perhaps with stars, means this one; as the bar's script reads it."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), name, re.DOTALL) is not None


def is_of_party(cookie: DeclaredCookie, seen: Seen) -> bool:
    return (cookie.party or "first") == ("first" if seen.is_ours else "third")


def waiting_for(services: Iterable[Service]) -> dict[str, frozenset[str]]:
    """Return for the origin of each outside service which categories it waits for."""
    return merged(*(dict.fromkeys(one.origins, frozenset({one.category})) for one in services))


def merged(*parts: Mapping[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    """Merge what waits for which categories: an origin named twice waits for either."""
    found: dict[str, frozenset[str]] = {}
    for origin, categories in (pair for part in parts for pair in part.items()):
        found[origin] = found.get(origin, frozenset()) | categories
    return found
