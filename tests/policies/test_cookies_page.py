"""The page of cookie choices and the receipt: what a visitor sees of their own choice, and of nobody else's."""

import hashlib
import json
from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from cookie_consent.models import CookieGroup
from django.test import Client
from django.utils import timezone
from wagtail.models import Site

from home.models import BrandSettings
from policies.consent import cookies
from policies.models import ConsentRecord
from tests.factories import cookie_policy, declare_cookies

pytestmark = [pytest.mark.django_db, pytest.mark.also_without_shop]


@pytest.fixture(scope="module", autouse=True)
def _a_cookie_policy(database_of_module: None) -> None:
    declare_cookies("analytics", "visits")
    declare_cookies("needed", "consent", is_required=True)
    cookie_policy()


def choose(client: Client, choice: str = "all") -> ConsentRecord:
    """Choose, and return the record."""
    client.post("/cookies/", {"notice": "1", "choice": choice})
    return ConsentRecord.objects.latest("pk")


def page(client: Client, *, is_taken_back: bool = False, **headers: str) -> str:
    """Return the page's HTML. It sets no cookie, and takes one back only where nothing on record says the same."""
    response = client.get("/cookies/", headers=headers)
    assert response.status_code == 200
    assert "no-store" in response.headers["Cache-Control"]
    taken_back = [cookie.key for cookie in response.cookies.values() if cookie["max-age"] == 0]
    assert taken_back == (["consent"] if is_taken_back else [])
    assert len(response.cookies) == len(taken_back)
    return response.content.decode()


def test_it_shows_the_categories_with_their_cookies_and_everything_off(client: Client) -> None:
    html = page(client)
    for words in ("Analytics", "Purpose of visits", "Needed", "Purpose of consent", "Always on"):
        assert words in html
    assert "checked" not in html
    assert 'id="your-choice"' not in html
    assert "You have not chosen yet" in html


def test_it_shows_the_choice_its_time_its_version_and_the_receipt(client: Client) -> None:
    record = choose(client)
    html = page(client)
    for words in (
        str(record.public_id),
        "/cookie-policy/versions/1/",
        "/cookies/receipt.json",
        "allowed",
        "checked",
    ):
        assert words in html
    assert timezone.localtime(record.expires_at).date().isoformat() in html


@pytest.mark.parametrize(
    "value",
    [
        "1." + "0" * 32 + ".1.analytics-1.1999999999",
        "1." + "f" * 100_000,
        "analytics=1",
        "ünï\x07",
        "1.x.1.analytics-1.1",
    ],
)
def test_a_forged_or_broken_cookie_is_no_choice(client: Client, value: str) -> None:
    client.cookies["consent"] = value
    html = page(client, is_taken_back=True)
    assert 'id="your-choice"' not in html
    assert "checked" not in html
    assert client.get("/cookies/receipt.json").status_code == 404


def test_a_cookie_that_says_more_than_the_record_is_no_choice(client: Client) -> None:
    choose(client, "none")
    client.cookies["consent"] = client.cookies["consent"].value.replace("analytics-0", "analytics-1")
    assert 'id="your-choice"' not in page(client, is_taken_back=True)


def test_a_choice_is_found_among_other_cookies(client: Client) -> None:
    value = cookies.cookie_for(choose(client))
    for header in (f"other=1; consent={value}", f"consent={value}; other=1", f"other=1;consent={value}"):
        assert 'id="your-choice"' in Client().get("/cookies/", headers={"cookie": header}).content.decode()


def test_a_cookie_that_came_twice_is_no_choice(client: Client) -> None:
    record = choose(client)
    twice = {"cookie": f"consent={cookies.cookie_for(record)}; other=1; consent=1.tossed"}
    assert 'id="your-choice"' not in Client().get("/cookies/", headers=twice).content.decode()
    assert Client().get("/cookies/receipt.json", headers=twice).status_code == 404


def test_a_choice_about_an_older_text_is_shown_as_such(client: Client) -> None:
    choose(client)
    cookie_policy(notice_text="Something else")
    html = page(client)
    assert "has changed since" in html
    assert "allowed, but off until you choose again" in html
    assert "checked" not in html
    assert 'name="notice" value="2"' in html


def test_it_says_that_the_signal_was_honoured_where_there_is_no_choice(client: Client) -> None:
    assert "Global Privacy Control" in page(client, sec_gpc="1")
    assert not ConsentRecord.objects.exists()
    choose(client)
    html = page(client, sec_gpc="1")
    assert "which it did not when you chose" in html
    assert "checked" not in html
    assert "has changed since" not in html
    assert "allowed, but off until you choose again" in html
    assert "Your choice is saved." not in html.partition('id="your-choice"')[2].partition("</section>")[0]
    assert "checked" in page(client)
    assert "off until you choose" not in page(client)


def test_it_says_that_a_choice_is_saved_for_a_minute(client: Client) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        choose(client)
        assert "Your choice is saved." in page(client)
        clock.shift(timedelta(minutes=1))
        assert '<p role="status">' not in page(client)


def test_a_choice_made_while_the_signal_was_there_overrides_it(client: Client) -> None:
    client.post("/cookies/", {"notice": "1", "choice": "all"}, headers={"sec-gpc": "1"})
    html = page(client, sec_gpc="1")
    assert "Global Privacy Control" not in html
    assert "checked" in html


def test_it_returns_to_our_own_pages_only(client: Client) -> None:
    assert 'name="next" value="/shop/"' in client.get("/cookies/?next=/shop/").content.decode()
    assert 'name="next"' not in client.get("/cookies/?next=//elsewhere.example/").content.decode()


def test_there_is_a_page_where_there_is_nothing_to_choose(client: Client) -> None:
    CookieGroup.objects.filter(varname="analytics").delete()
    cookie_policy()
    html = page(client)
    assert "nothing to choose" in html
    assert "<form" not in html
    assert "Purpose of consent" in html


def test_there_is_a_page_before_a_cookie_policy_is_in_force(client: Client) -> None:
    with time_machine.travel(timezone.now() - timedelta(days=1)):
        assert "nothing to choose" in page(client)


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_other_methods_are_refused(client: Client, method: str) -> None:
    assert getattr(client, method)("/cookies/").status_code == 405


# --- Receipt -----------------------------------------------------------------------------------------------
def test_the_receipt_is_the_record_with_the_text_that_was_shown(client: Client) -> None:
    brand = BrandSettings.objects.create(
        site=Site.objects.get(), legal_name="A Trader", email="a@example.com"
    )
    record = choose(client)
    response = client.get("/cookies/receipt.json")
    assert "no-store" in response.headers["Cache-Control"]
    assert f"consent-{record.public_id}.json" in response.headers["Content-Disposition"]
    receipt = response.json()
    assert receipt["record_id"] == str(record.public_id)
    assert receipt["controller"]["name"] == brand.legal_name
    (purpose,) = receipt["purposes"]
    assert (purpose["id"], purpose["state"]) == ("analytics", "granted")
    assert purpose["storage"][0]["name"] == "visits"
    assert receipt["event"]["method"] == "all"
    assert receipt["event"]["valid_until"] > receipt["event"]["time"]
    shown = client.get(receipt["notice"]["record_url"].removeprefix("http://testserver"))
    assert hashlib.sha256(shown.content).hexdigest() == receipt["notice"]["sha256"]


def test_a_receipt_tells_nothing_of_the_visitor(client: Client) -> None:
    choose(client)
    text = json.dumps(client.get("/cookies/receipt.json").json())
    assert "127.0.0.1" not in text
    names = {field.name for field in ConsentRecord._meta.fields}
    said = {"id", "public_id", "created_at", "expires_at", "notice_version", "choices", "method", "gpc"}
    assert names == said | {"ledger_entry", "ledger_salt"}


def test_nobody_else_gets_it(client: Client) -> None:
    record = choose(client)
    stranger = Client()
    assert stranger.get("/cookies/receipt.json").status_code == 404
    stranger.cookies["consent"] = cookies.cookie_for(record).replace(record.public_id.hex, uuid4().hex)
    assert stranger.get("/cookies/receipt.json").status_code == 404


def test_gpc_json_says_that_the_signal_is_honoured(client: Client) -> None:
    answer = client.get("/.well-known/gpc.json").json()
    assert answer["gpc"] is True
    assert len(answer["lastUpdate"]) == len("2026-01-31")
