"""What was seen, held against what is declared: names, patterns, kinds, parties, times, flags, origins. No browser."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.consent.notices import Category, DeclaredCookie, Service
from policies.cookie_audit import csp_sources, rules
from policies.cookie_audit.rules import Declared, Finding, Kind, Problem, Seen, Sighting, State

BEFORE = State(name="before")
ALL = State(name="all", granted=frozenset({"analytics"}), has_chosen=True)
WITHDRAWN = State(name="withdrawn", has_chosen=True, is_withdrawn=True)
DAY = 86_400


def category(*cookies: DeclaredCookie, varname: str = "analytics", is_required: bool = False) -> Category:
    """Declare a category in memory."""
    return Category(varname=varname, name=varname.title(), is_required=is_required, cookies=cookies)


def entry(name: str, **details: str) -> DeclaredCookie:
    """Declare a cookie in memory."""
    return DeclaredCookie(**{"name": name, "party": "first", "storage": "cookie", **details})


def declared(*categories: Category, origins: tuple[str, ...] = ()) -> Declared:
    """Declare categories, and origins that pages may ask."""
    return Declared(categories=categories, origins=frozenset(origins))


def cookie(name: str, **details: Any) -> Seen:
    """See a cookie of the site."""
    return Seen(**{"kind": Kind.COOKIE, "name": name, "host": "shop.example", "is_ours": True, **details})


def request(origin: str = "https://stats.example", **details: Any) -> Seen:
    """See a third party being asked."""
    base = {"kind": Kind.REQUEST, "name": origin, "host": origin, "is_ours": False, "resource": "script"}
    return Seen(**{**base, **details})


def found(seen: Seen, state: State, of: Declared, *, is_https: bool = False) -> list[Problem]:
    """Name what is wrong with one thing in one state."""
    return [problem for problem, _ in rules.problems(seen, state, of, is_https=is_https)]


# --- Declared or not -----------------------------------------------------------------------------------------
def test_what_nobody_declared_is_found_in_every_state() -> None:
    for state in (BEFORE, ALL, WITHDRAWN):
        assert found(cookie("_tracker"), state, declared(category(entry("_ga_*")))) == [Problem.UNDECLARED]


def test_a_necessary_cookie_may_be_there_at_any_time() -> None:
    site = declared(category(entry("basket"), varname="necessary", is_required=True))
    assert [found(cookie("basket"), state, site) for state in (BEFORE, ALL, WITHDRAWN)] == [[], [], []]


def test_an_optional_cookie_needs_its_own_category() -> None:
    site = declared(category(entry("_ga_*")), category(entry("_fb"), varname="ads"))
    assert found(cookie("_ga_X1"), ALL, site) == []
    assert found(cookie("_ga_X1"), BEFORE, site) == [Problem.EARLY]
    assert found(cookie("_fb"), ALL, site) == [Problem.EARLY]


def test_a_service_waits_for_the_category_under_which_visitors_are_asked_about_it() -> None:
    stats, maps = category(entry("visits")), category(entry("tiles"), varname="media")
    services = [Service("google", "analytics", ("https://stats.example", "https://tags.example"))]
    of = replace(
        declared(stats, maps, origins=("https://stats.example", "https://tags.example")),
        waiting=rules.merged(rules.waiting_for(services), {"https://stats.example": frozenset()}),
    )
    for origin in ("https://stats.example", "https://tags.example"):
        assert found(request(origin), State(name="only media", granted=frozenset({"media"})), of) == [
            Problem.EARLY
        ]
        assert (
            found(request(origin), State(name="only analytics", granted=frozenset({"analytics"})), of) == []
        )


def test_what_stays_after_withdrawing_is_left_behind() -> None:
    site = declared(category(entry("visits", storage="local")))
    kept = cookie("visits", kind=Kind.LOCAL)
    assert found(kept, WITHDRAWN, site) == [Problem.LEFT_BEHIND]


def test_a_name_declared_twice_is_allowed_by_either() -> None:
    site = declared(category(entry("id*")), category(entry("ident"), varname="needed", is_required=True))
    assert found(cookie("ident"), BEFORE, site) == []


def test_the_kind_of_storage_is_a_part_of_what_is_declared() -> None:
    site = declared(category(entry("visits")))
    assert found(cookie("visits", kind=Kind.LOCAL), ALL, site) == [Problem.UNDECLARED]
    assert found(cookie("visits", kind=Kind.SESSION), ALL, site) == [Problem.UNDECLARED]


@pytest.mark.parametrize("kind", [Kind.LOCAL, Kind.INDEXED_DB, Kind.CACHE])
def test_what_stays_like_local_storage_is_declared_as_that(kind: Kind) -> None:
    site = declared(category(entry("visits*", storage="local")))
    assert found(cookie("visits-1", kind=kind), ALL, site) == []


def test_a_party_other_than_declared_is_found() -> None:
    site = declared(category(entry("_ga", party="third"), entry("_fb")))
    assert found(cookie("_ga"), ALL, site) == [Problem.PARTY]
    assert found(cookie("_fb", host="ads.example", is_ours=False), ALL, site) == [Problem.PARTY]
    both = declared(category(entry("_ga", party="third"), entry("_ga")))
    assert found(cookie("_ga"), ALL, both) == []


def test_a_table_of_an_older_form_means_cookies_of_this_site() -> None:
    assert found(cookie("_ga"), ALL, declared(category(DeclaredCookie(name="_ga")))) == []


@given(st.text(min_size=1, max_size=20), st.data())
def test_a_star_stands_for_any_part_of_a_name(name: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(name)))
    end = data.draw(st.integers(start, len(name)))
    assert rules.matches(f"{name[:start]}*{name[end:]}", name)
    assert rules.matches(name, name)
    assert not rules.matches(name.replace("*", ""), f"{name}x")


def test_other_signs_of_a_name_stand_for_themselves() -> None:
    assert not rules.matches("_pk.id", "_pk_id")
    assert not rules.matches("_ga_*", "x_ga_1")
    assert not rules.matches("_GA", "_ga")


# --- How long -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("words", "seconds"),
    [
        ("6 months", 6 * 31 * DAY),
        ("30 minutes", 1800),
        ("up to 13 months", 13 * 31 * DAY),
        ("1 year 1 month", 397 * DAY),
        ("a day", DAY),
        ("1.5 hours", 5400),
        ("1,5 hours", 5400),
        ("90-day", 90 * DAY),
        ("2 WEEKS", 14 * DAY),
        ("session", 0),
        ("End of the session", 0),
        ("session, at most 30 minutes", 1800),
        ("", None),
        ("until you delete it", None),
        ("6 Monate", None),
        ("month", None),
    ],
)
def test_a_time_is_read_from_words(words: str, seconds: float | None) -> None:
    assert rules.lifetime(words) == seconds


@given(st.integers(0, 100_000), st.sampled_from(sorted(rules.UNITS)), st.sampled_from(["", "s"]))
def test_any_number_of_any_unit_is_read(number: int, unit: str, plural: str) -> None:
    assert rules.lifetime(f"about {number} {unit}{plural}") == number * rules.UNITS[unit]


@pytest.mark.parametrize(
    ("words", "lasts", "is_too_long"),
    [
        ("6 months", 183 * DAY, False),
        ("6 months", 200 * DAY, True),
        ("30 minutes", 1800, False),
        ("30 minutes", 3600, True),
        ("session", 0.0, False),
        ("session", DAY, True),
        ("a while", 4000 * DAY, False),
        ("6 months", None, False),
    ],
)
def test_a_cookie_that_lasts_longer_than_declared_is_found(
    words: str, lasts: float | None, is_too_long: bool
) -> None:
    site = declared(category(entry("_ga", duration=words)))
    assert found(cookie("_ga", lasts=lasts), ALL, site) == [Problem.LONGER] * is_too_long


def test_local_storage_outlives_the_session_and_nothing_else_is_known_of_it() -> None:
    for words, problems in (("session", [Problem.LONGER]), ("6 months", []), ("", [])):
        site = declared(category(entry("visits", storage="local", duration=words)))
        kept = cookie("visits", kind=Kind.LOCAL, lasts=rules.FOR_EVER)
        assert found(kept, ALL, site) == problems


@given(st.floats(min_value=0, allow_nan=False))
def test_every_time_can_be_said(seconds: float) -> None:
    assert rules.in_words(seconds)


# --- Flags ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("said", "count"), [("Lax", 0), ("strict", 0), (None, 0), ("", 1), ("None", 1), ("nonsense", 1)]
)
def test_a_necessary_cookie_says_same_site(said: str | None, count: int) -> None:
    site = declared(category(entry("consent"), varname="needed", is_required=True))
    assert found(cookie("consent", same_site=said), BEFORE, site) == [Problem.FLAGS] * count


def test_necessary_cookies_of_a_secure_site_are_secure() -> None:
    site = declared(category(entry("_ga")), category(entry("consent"), varname="x", is_required=True))
    plain = cookie("consent", is_secure=False)
    assert found(plain, BEFORE, site, is_https=True) == [Problem.FLAGS]
    assert found(plain, BEFORE, site) == []
    assert found(cookie("consent", is_secure=True), BEFORE, site, is_https=True) == []
    assert found(cookie("_ga", is_secure=False), ALL, site, is_https=True) == []


# --- Third parties --------------------------------------------------------------------------------------------
def test_nobody_is_asked_before_something_is_allowed() -> None:
    site = declared(category(entry("_ga")), origins=("https://stats.example",))
    assert found(request(), BEFORE, site) == [Problem.EARLY]
    assert found(request(), WITHDRAWN, site) == [Problem.LEFT_BEHIND]
    assert found(request(), ALL, site) == []
    assert found(request("https://other.example"), ALL, site) == [Problem.UNDECLARED]


def test_a_service_that_waits_for_a_category_needs_that_one() -> None:
    known = {
        "origins": frozenset({"https://map.example"}),
        "waiting": {"https://map.example": frozenset({"media"})},
    }
    site = Declared(categories=(category(entry("_ga")), category(entry("_m"), varname="media")), **known)
    media = State(name="only media", granted=frozenset({"media"}), has_chosen=True)
    assert found(request("https://map.example"), ALL, site) == [Problem.EARLY]
    assert found(request("https://map.example"), media, site) == []
    [row] = rules.rows(sightings((media, "/", request("https://map.example"))), site)
    assert row.declared_in == ("Media",)


def test_a_request_that_was_stopped_is_found_and_said_to_be_stopped() -> None:
    [(problem, why)] = rules.problems(request(is_blocked=True), BEFORE, declared())
    assert problem == Problem.EARLY
    assert "stopped" in why


@pytest.mark.parametrize(
    ("source", "origin", "is_allowed"),
    [
        ("https://stats.example", "https://stats.example", True),
        ("https://stats.example/a.js", "https://stats.example", True),
        ("https://stats.example", "https://stats.example:8443", False),
        ("https://stats.example:*", "https://stats.example:8443", True),
        ("https://stats.example:443", "https://stats.example", True),
        ("https://stats.example", "http://stats.example", False),
        ("http://stats.example", "https://stats.example", True),
        ("stats.example", "https://stats.example", True),
        ("*.example", "https://a.stats.example", True),
        ("*.stats.example", "https://stats.example", False),
        ("*.stats.example", "https://badstats.example", False),
        ("https://Stats.example", "wss://stats.example", True),
        ("https://[::1]:8000", "https://[::1]:8000", True),
        ("not a source", "https://stats.example", False),
    ],
)
def test_a_source_of_the_policy_means_an_origin(source: str, origin: str, is_allowed: bool) -> None:
    assert rules.allows(source, origin) is is_allowed


def test_only_what_is_fetched_counts_and_whoever_is_meant_by_a_star_is_nobody() -> None:
    policy = (
        "default-src 'self' * https:; script-src 'self' https://stats.example/;; IMG-SRC data: cdn.example; "
        "form-action https://checkout.example; frame-ancestors https://frame.example; upgrade-insecure-requests"
    )
    assert csp_sources.origins_of(policy) == {"https://stats.example", "cdn.example"}
    assert csp_sources.origins_of("") == frozenset()


# --- States, and the sum --------------------------------------------------------------------------------------
def test_each_category_is_tried_alone_where_there_are_several() -> None:
    needed = category(entry("consent"), varname="needed", is_required=True)
    names = [state.name for state in rules.states_of(declared(needed, category(entry("_ga"))))]
    assert names == ["before", "signal", "rejected", "all", "withdrawn"]
    several = rules.states_of(declared(needed, category(entry("_ga")), category(entry("_fb"), varname="ads")))
    alone = [state for state in several if len(state.granted) == 1]
    assert [state.name for state in alone] == ["only ads", "only analytics"]
    assert [state.name for state in rules.states_of(declared(needed))] == ["before", "signal"]


def sightings(*pairs: tuple[State, str, Seen]) -> list[Sighting]:
    """Note what was seen in which state on which page."""
    return [Sighting(state=state, page=page, seen=seen) for state, page, seen in pairs]


def test_a_finding_is_told_once_with_its_states_and_its_first_page() -> None:
    seen = sightings(
        (BEFORE, "/about/", cookie("_tracker")),
        (BEFORE, "/shop/", cookie("_tracker")),
        (ALL, "/", cookie("_tracker")),
        (BEFORE, "/", request()),
    )
    result = rules.findings(seen, declared(), is_https=False)
    assert result == [
        Finding(
            problem=Problem.UNDECLARED,
            kind=Kind.COOKIE,
            name="_tracker",
            host="shop.example",
            why="the cookie policy does not name it",
            states=("before", "all"),
            page="/about/",
        ),
        *result[1:],
    ]
    assert [(finding.problem, finding.name) for finding in result[1:]] == [
        (Problem.EARLY, "https://stats.example")
    ]


def test_the_table_sums_up_by_what_is_declared() -> None:
    site = declared(category(entry("_ga_*"), entry("_gid")), origins=("https://known.example",))
    seen = sightings((ALL, "/", cookie("_ga_1")), (ALL, "/", cookie("_ga_2")), (BEFORE, "/a/", request()))
    seen += sightings((ALL, "/a/", request("https://known.example")))
    assert [(row.name, row.states, row.page, row.declared_in) for row in rules.rows(seen, site)] == [
        ("_ga_*", ("all",), "/", ("Analytics",)),
        ("https://known.example", ("all",), "/a/", ("an outside service",)),
        ("https://stats.example", ("before",), "/a/", ()),
    ]
    assert rules.never_seen(seen, site) == ["_gid"]


def test_the_page_of_choices_is_looked_at() -> None:
    assert "/cookies/" in rules.registered_paths()
