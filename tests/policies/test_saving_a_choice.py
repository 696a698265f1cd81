"""Saving a choice: one request, record and cookie together or not at all, and nothing for what makes no sense."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from cookie_consent.models import CookieGroup
from django.conf import LazySettings
from django.db.models import QuerySet
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from policies.consent import notices, views
from policies.consent.choices import MAX_CATEGORIES, save_choice
from policies.consent.cookies import cookie_for, parse, record_of
from policies.consent.notices import Notice
from policies.models import ConsentRecord
from tests.factories import cookie_policy, declare_cookies

pytestmark = pytest.mark.django_db
JSON = {"accept": "application/json"}


@pytest.fixture(scope="module", autouse=True)
def _two_optional_categories(database_of_module: None) -> None:
    declare_cookies("analytics")
    declare_cookies("media")
    cookie_policy()


def current() -> Notice:
    """Return the notice in force."""
    notice = notices.current(timezone.now())
    assert notice is not None
    return notice


def save(client: Client, headers: dict[str, str] | None = None, **fields: Any) -> HttpResponse:
    """Post a choice as the form does."""
    return client.post("/cookies/", {"notice": "1", **fields}, headers=headers or {})


@pytest.mark.parametrize(
    ("fields", "choices"),
    [
        ({"choice": "all"}, {"analytics": True, "media": True}),
        ({"choice": "none"}, {"analytics": False, "media": False}),
        ({"choice": "chosen", "category": ["media"]}, {"analytics": False, "media": True}),
        ({"choice": "chosen"}, {"analytics": False, "media": False}),
        ({"choice": "chosen", "category": ["media", "analytics"]}, {"analytics": True, "media": True}),
        # The form without JavaScript sends its switches with every button.
        ({"choice": "none", "category": ["media"]}, {"analytics": False, "media": False}),
    ],
)
def test_the_record_says_what_was_chosen_and_what_was_shown(
    client: Client, fields: dict[str, Any], choices: dict[str, bool]
) -> None:
    response = save(client, **fields)
    assert (response.status_code, response.headers["Location"]) == (303, "/cookies/#your-choice")
    record = ConsentRecord.objects.get()
    assert record.choices == choices
    assert record.method == fields["choice"]
    assert record.notice_version.number == 1
    assert record.expires_at - record.created_at == timedelta(days=183)


def test_the_cookie_says_what_the_record_says(client: Client) -> None:
    response = save(client, choice="chosen", category=["media"])
    record = ConsentRecord.objects.get()
    morsel = response.cookies["consent"]
    expires = int(record.expires_at.timestamp())
    assert morsel.value == f"2.0.{record.public_id.hex}.1.analytics-0_media-1.{expires}"
    assert (morsel["path"], morsel["samesite"], morsel["max-age"]) == ("/", "Lax", 183 * 86_400)
    assert not morsel["httponly"]
    assert set(response.cookies) == {"consent"}


@pytest.mark.parametrize(
    ("headers", "fields", "gpc"),
    [
        ({}, {}, False),
        ({"sec-gpc": "1"}, {}, True),
        ({}, {"gpc": "1"}, True),  # what the script saw where no header was sent
        ({"sec-gpc": "0"}, {"gpc": "yes"}, False),
        ({}, {"gpc": ["1", "0"]}, False),
    ],
)
def test_record_cookie_and_receipt_say_whether_the_signal_was_there(
    client: Client, headers: dict[str, str], fields: dict[str, Any], gpc: bool
) -> None:
    save(client, headers=headers, choice="all", **fields)
    record = ConsentRecord.objects.get()
    assert record.gpc is gpc
    assert record.ledger_content["gpc"] is gpc
    value = client.cookies["consent"].value
    assert value == cookie_for(record)
    assert value.startswith(f"2.{gpc:d}.")
    assert client.get("/cookies/receipt.json").json()["event"]["gpc"] is gpc


@pytest.mark.both_databases
def test_a_record_of_before_stays_what_it_was_and_its_cookie_is_understood() -> None:
    made = save_choice(notice=current(), method="all", now=timezone.now())
    earlier = replace_row(made, gpc=None)
    assert set(earlier.ledger_content) == {"id", "created_at", "expires_at", "notice", "choices", "method"}
    value = f"1.{earlier.public_id.hex}.1.analytics-1_media-1.{int(earlier.expires_at.timestamp())}"
    assert record_of(value, now=timezone.now()) == earlier


def test_a_cookie_that_claims_a_signal_which_the_record_does_not_know_is_no_choice() -> None:
    value = cookie_for(save_choice(notice=current(), method="all", now=timezone.now()))
    for claimed in (value.replace("2.0.", "2.1.", 1), value.replace("2.0.", "1.", 1)):
        assert parse(claimed) is not None
        assert record_of(claimed, now=timezone.now()) is None


def replace_row(record: ConsentRecord, **values: Any) -> ConsentRecord:
    """Write values past the model, which refuses changes."""
    QuerySet(ConsentRecord).filter(pk=record.pk).update(**values)
    return ConsentRecord.objects.get(pk=record.pk)


def test_the_cookie_is_secure_where_the_site_is(client: Client, settings: LazySettings) -> None:
    assert not save(client, choice="none").cookies["consent"]["secure"]
    settings.SESSION_COOKIE_SECURE = True
    assert save(client, choice="none").cookies["consent"]["secure"]


def test_the_script_gets_json(client: Client) -> None:
    response = save(client, headers=JSON, choice="chosen", category=["analytics"])
    record = ConsentRecord.objects.get()
    assert response.status_code == 200
    assert response.json() == {
        "ok": True,
        "choices": {"analytics": True, "media": False},
        "expires": record.expires_at.isoformat(),
    }
    assert "no-store" in response.headers["Cache-Control"]
    assert response.cookies["consent"].value == cookie_for(record)


def test_it_returns_to_the_page_that_was_left(client: Client) -> None:
    assert save(client, choice="all", next="/shop/?page=2").headers["Location"] == "/shop/?page=2"


@pytest.mark.both_databases
def test_a_change_of_mind_is_another_record(client: Client) -> None:
    save(client, choice="all")
    save(client, choice="none")
    assert set(ConsentRecord.objects.values_list("method", flat=True)) == {"all", "none"}
    decision = parse(client.cookies["consent"].value)
    assert decision is not None
    assert not any(decision.choices.values())


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"choice": ""},
        {"choice": "some"},
        {"choice": "all\x00"},
        {"choice": ["all", "none"]},
        {"choice": ["all", "all"]},
        {"choice": "chosen", "category": ["unknown"]},
        {"choice": "chosen", "category": ["analytics", "analytics"]},
        {"choice": "chosen", "category": ["analytics\x00"]},
        {"choice": "all", "category": ["x" * 100_000]},
        {"choice": "all", "notice": ["1", "1"]},
        {"choice": "all", "next": "https://elsewhere.example/"},
        {"choice": "all", "next": "//elsewhere.example/"},
        {"choice": "all", "next": "javascript:alert(1)"},
        {"choice": "all", "next": "/a\r\nSet-Cookie: b=c"},
        {"choice": "all", "next": "/\x00"},
        {"choice": "all", "next": ["/", "/shop/"]},
    ],
)
@pytest.mark.parametrize("headers", [{}, JSON], ids=["form", "script"])
def test_what_makes_no_sense_is_refused_and_nothing_is_saved(
    client: Client, fields: dict[str, Any], headers: dict[str, str]
) -> None:
    response = save(client, headers=headers, **fields)
    assert response.status_code == 400
    assert "no-store" in response.headers["Cache-Control"]
    assert not response.cookies
    assert not ConsentRecord.objects.exists()
    if headers:
        assert response.json()["ok"] is False
        assert response.json()["error"]
    else:
        assert 'role="alert"' in response.content.decode()


def test_a_form_without_the_version_is_refused(client: Client) -> None:
    assert client.post("/cookies/", {"choice": "all"}).status_code == 400
    assert not ConsentRecord.objects.exists()


@pytest.mark.parametrize("shown", ["0", "2", "01", "x", "1\x00", "９"])
def test_a_choice_about_a_text_that_is_not_in_force_is_refused(client: Client, shown: str) -> None:
    response = save(client, headers=JSON, choice="all", notice=shown)
    assert response.status_code == 409
    assert "reload" in response.json()["error"]
    assert not ConsentRecord.objects.exists()


def test_a_page_left_open_while_the_text_changed_says_so(client: Client) -> None:
    cookie_policy(notice_text="Other words", change_kind="editorial", editorial_reason="A typing error")
    assert save(client, choice="all").status_code == 409
    assert save(client, choice="all", notice="2").status_code == 303


@pytest.mark.both_databases
def test_there_is_nothing_to_save_where_nothing_is_optional(client: Client) -> None:
    CookieGroup.objects.all().delete()
    cookie_policy()
    assert save(client, choice="all", notice="2").status_code == 400
    assert not ConsentRecord.objects.exists()


def test_an_answer_that_fails_takes_the_record_back(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object, **_options: object) -> None:
        raise BrokenPipeError

    monkeypatch.setattr(views, "_saved", fail)
    with pytest.raises(BrokenPipeError):
        save(client, choice="all")
    assert not ConsentRecord.objects.exists()


def test_only_our_own_pages_may_save() -> None:
    client = Client(enforce_csrf_checks=True)
    assert save(client, headers={"sec-fetch-site": "cross-site"}, choice="all").status_code == 403
    assert save(client, choice="all").status_code == 403
    assert save(client, headers={"sec-fetch-site": "same-origin"}, choice="all").status_code == 303
    assert ConsentRecord.objects.count() == 1


def test_too_many_choices_from_one_sender_are_stopped(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "SAVES", replace(views.SAVES, most=2))
    with time_machine.travel(timezone.now().replace(minute=1) + timedelta(days=1), tick=False) as clock:
        for _ in range(2):
            assert save(client, headers=JSON, choice="none").status_code == 200
        response = save(client, headers=JSON, choice="none")
        assert response.status_code == 429
        assert response.headers["Retry-After"] == "600"
        assert response.json()["error"]
        assert ConsentRecord.objects.count() == 2
        assert (
            client.post("/cookies/", {"notice": "1", "choice": "none"}, REMOTE_ADDR="10.0.0.9").status_code
            == 303
        )
        clock.shift(timedelta(minutes=11))
        assert save(client, choice="none").status_code == 303


def test_the_sender_behind_our_proxy_is_the_one_that_the_proxy_saw(
    client: Client, monkeypatch: pytest.MonkeyPatch, settings: LazySettings
) -> None:
    monkeypatch.setattr(views, "SAVES", replace(views.SAVES, most=1))
    first, second = {"x-forwarded-for": "1.1.1.1, 2.2.2.2"}, {"x-forwarded-for": "2.2.2.2, 3.3.3.3"}
    settings.BEHIND_PROXY = True
    assert [save(client, headers=h, choice="none").status_code for h in (first, second, first)] == [
        303,
        303,
        429,
    ]
    settings.BEHIND_PROXY = False
    assert [save(client, headers=h, choice="none").status_code for h in (first, second)] == [303, 429]


def test_a_household_with_many_addresses_is_one_sender(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "SAVES", replace(views.SAVES, most=1))
    fields = {"notice": "1", "choice": "none"}
    answers = [client.post("/cookies/", fields, REMOTE_ADDR=f"2001:db8::{n}") for n in (1, 2)]
    assert [answer.status_code for answer in answers] == [303, 429]
    assert client.post("/cookies/", fields, REMOTE_ADDR="2001:db8:1::1").status_code == 303


# --- A cookie is believed only where the record says the same ------------------------------------------------
def test_a_cookie_is_proved_by_its_own_record_in_one_query(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for record in [save_choice(notice=current(), method="all", now=timezone.now()) for _ in range(2)]:
        value = cookie_for(record)
        with django_assert_num_queries(1):
            assert record_of(value, now=timezone.now()) == record


def test_a_record_ends_in_the_second_in_which_its_cookie_ends() -> None:
    record = save_choice(notice=current(), method="all", now=timezone.now().replace(microsecond=999_999))
    assert record.expires_at.timestamp() == parse(cookie_for(record)).expires


def test_a_cookie_names_its_categories_in_one_order_whatever_that_of_the_database() -> None:
    record = save_choice(notice=current(), method="all", now=timezone.now())
    record.choices = {"media": True, "analytics": False}
    assert ".analytics-0_media-1." in cookie_for(record)


@pytest.mark.parametrize(
    ("old", "new"), [("media-0", "media-1"), (".1.analytics", ".2.analytics"), ("-0_media", "-0_b-1_media")]
)
def test_a_forged_cookie_is_not_believed(old: str, new: str) -> None:
    record = save_choice(notice=current(), method="none", now=timezone.now())
    forged = cookie_for(record).replace(old, new, 1)
    assert forged != cookie_for(record)
    assert record_of(forged, now=timezone.now()) is None


def test_a_cookie_that_lasts_longer_than_its_record_is_not_believed() -> None:
    record = save_choice(notice=current(), method="all", now=timezone.now())
    start, _, expires = cookie_for(record).rpartition(".")
    assert record_of(f"{start}.{int(expires) + 1}", now=timezone.now()) is None


def test_a_choice_ends_after_six_months() -> None:
    record = save_choice(notice=current(), method="all", now=timezone.now())
    value = cookie_for(record)
    assert record_of(value, now=record.expires_at - timedelta(seconds=1)) == record
    assert record_of(value, now=record.expires_at) is None


def test_the_longest_cookie_that_the_admin_allows_can_be_read() -> None:
    names = [f"{number:0{notices.MAX_VARNAME}}" for number in range(MAX_CATEGORIES)]
    record = save_choice(notice=current(), method="all", now=timezone.now())
    record.choices = dict.fromkeys(names, True)
    record.notice_version.number = 999_999_999
    assert parse(cookie_for(record)) is not None
