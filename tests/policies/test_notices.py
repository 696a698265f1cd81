"""Which notice is shown: always the frozen version in force, never the register as it happens to stand."""

from datetime import timedelta
from typing import Any

import pytest
from cookie_consent.models import Cookie, CookieGroup
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from policies.consent import notices
from policies.models import Policy
from tests.factories import cookie_policy, declare_cookies
from tests.policies.forging import reword

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def test_there_is_none_before_a_cookie_policy_is_published() -> None:
    declare_cookies()
    assert notices.current(timezone.now()) is None


def test_it_has_the_words_and_the_table_of_the_version_in_force() -> None:
    declare_cookies("analytics", "_ga_*", "visits")
    cookie_policy(notice_title="About cookies")
    notice = notices.current(timezone.now())
    assert notice is not None
    assert (notice.number, notice.title, notice.accept_label) == (1, "About cookies", "Accept all")
    assert notice.url == "/cookie-policy/versions/1/"
    (category,) = notice.optional
    assert [cookie.name for cookie in category.cookies] == ["_ga_*", "visits"]
    assert category.cookies[0].provider == "This site"


@pytest.mark.both_databases
def test_changes_in_the_register_wait_for_a_new_version() -> None:
    declare_cookies("analytics")
    cookie_policy()
    declare_cookies("media")
    CookieGroup.objects.filter(varname="analytics").update(name="Renamed")
    notice = notices.current(timezone.now())
    assert notice is not None
    assert notice.varnames == ("analytics",)
    assert notice.optional[0].name == "Analytics"
    cookie_policy()
    notice = notices.current(timezone.now())
    assert notice is not None
    assert notice.varnames == ("analytics", "media")


def test_an_announced_version_is_not_shown_before_its_hour() -> None:
    declare_cookies()
    cookie_policy(notice_title="Now")
    cookie_policy(notice_title="Later", effective_from=timezone.now() + timedelta(days=3))
    now = notices.current(timezone.now())
    later = notices.current(timezone.now() + timedelta(days=4))
    assert now is not None
    assert later is not None
    assert (now.title, later.title) == ("Now", "Later")


@pytest.mark.parametrize(
    ("kinds", "accepted"),
    [
        (["material"], (1,)),
        (["material", "editorial", "editorial"], (3, 2, 1)),
        (["material", "editorial", "material"], (3,)),
        (["material", "material", "editorial"], (3, 2)),
        (["editorial", "editorial"], (2, 1)),
    ],
)
def test_choices_stand_since_the_last_material_version(kinds: list[str], accepted: tuple[int, ...]) -> None:
    declare_cookies()
    for number, kind in enumerate(kinds):
        cookie_policy(notice_title=f"Title {number}", change_kind=kind)
    notice = notices.current(timezone.now())
    assert notice is not None
    assert notice.accepted_versions == accepted


def test_a_version_that_was_published_late_and_takes_effect_early_counts_by_its_effect() -> None:
    declare_cookies()
    now = timezone.now()
    cookie_policy()
    cookie_policy(notice_title="In ten days", effective_from=now + timedelta(days=10))
    cookie_policy(
        notice_title="In five days",
        change_kind="editorial",
        effective_from=now + timedelta(days=5),
        undone_by=[2],
    )
    first = notices.current(now + timedelta(days=6))
    second = notices.current(now + timedelta(days=11))
    assert first is not None
    assert second is not None
    assert (first.number, first.accepted_versions) == (3, (3, 1))
    assert (second.number, second.accepted_versions) == (2, (2,))


@pytest.mark.both_databases
def test_a_category_without_cookies_is_nothing_to_choose() -> None:
    declare_cookies("analytics")
    Cookie.objects.all().delete()
    cookie_policy()
    notice = notices.current(timezone.now())
    assert notice is not None
    assert notice.optional == ()


def test_required_categories_are_told_and_not_asked() -> None:
    declare_cookies("needed", is_required=True)
    cookie_policy()
    notice = notices.current(timezone.now())
    assert notice is not None
    assert [category.varname for category in notice.required] == ["needed"]
    assert notice.optional == ()


def test_a_name_that_does_not_fit_into_the_cookie_is_never_offered() -> None:
    declare_cookies("web-analytics")
    cookie_policy()
    notice = notices.current(timezone.now())
    assert notice is not None
    assert notice.optional == ()


def test_it_costs_two_queries_however_many_versions_and_cookies(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    declare_cookies("analytics", "a", "b", "c")
    for number in range(5):
        cookie_policy(notice_title=f"Title {number}")
    with django_assert_num_queries(2):
        notices.current(timezone.now())


@pytest.mark.both_databases
def test_an_imported_text_without_words_for_the_bar_asks_nobody() -> None:
    declare_cookies()
    cookie_policy()
    Policy.objects.filter(kind=Policy.Kind.COOKIES).update(kind=Policy.Kind.OTHER)
    assert notices.current(timezone.now()) is None


GROUP: dict[str, Any] = {"varname": "media", "name": "Media", "is_required": False, "cookies": []}
UNREADABLE: list[dict[str, Any]] = [
    *({"cookies": found} for found in ("abc", ["abc"], [{}], {"a": 1}, None, [{**GROUP, "cookies": None}])),
    *({"cookies": [{**GROUP, "varname": name}]} for name in (5, ["x"])),
    *({"cookies": [{**GROUP, "cookies": found}]} for found in (["x"], [{}], [{"name": ["a"]}])),
    {"cookies": [{**GROUP, "is_required": "no"}]},
    {"services": [{"key": "a", "category": "media"}]},
    {"services": [{"key": "a", "category": {}, "origins": []}]},
    *({"notice": found} for found in (["x"], None, {"text": {"a": 1}}, {"title": None})),
]


@pytest.mark.parametrize("facts", UNREADABLE, ids=str)
def test_what_cannot_be_read_asks_nobody_and_is_logged(
    facts: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    declare_cookies()
    cookie_policy()
    reword(**facts)
    assert notices.current(timezone.now()) is None
    assert "Cookie policy, version 1 cannot be read" in caplog.text


def test_facts_of_before_there_were_descriptions_are_read() -> None:
    declare_cookies()
    cookie_policy()
    reword(cookies=[{**GROUP, "cookies": [{"name": "tiles"}]}])
    notice = notices.current(timezone.now())
    assert notice is not None
    assert notice.varnames == ("media",)


# --- What pages carry ------------------------------------------------------------------------------------
def test_a_page_carries_the_version_and_a_hidden_bar(client: Client) -> None:
    declare_cookies()
    cookie_policy()
    html = client.get("/").content.decode()
    expected = 'data-consent-version="1" data-consent-accepted="1" data-consent-categories="analytics"'
    assert expected in html
    assert 'id="_consent-bar"' in html


def test_a_page_carries_neither_where_nothing_is_optional(client: Client) -> None:
    declare_cookies("needed", is_required=True)
    cookie_policy()
    html = client.get("/").content.decode()
    assert "data-consent-version" not in html
    assert 'id="_consent-bar"' not in html


def test_a_page_is_the_same_for_those_who_chose_and_those_who_did_not(client: Client) -> None:
    declare_cookies()
    cookie_policy()
    untouched = Client().get("/").content
    client.post("/cookies/", {"notice": "1", "choice": "all"})
    assert client.cookies["consent"].value
    assert client.get("/").content == untouched


def test_publishing_a_version_is_seen_on_cached_pages(
    client: Client, django_capture_on_commit_callbacks: object
) -> None:
    declare_cookies()
    cookie_policy()
    client.get("/")
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        cookie_policy(notice_title="Another title")
    html = client.get("/").content.decode()
    assert 'data-consent-version="2" data-consent-accepted="2"' in html
    assert "Another title" in html
