"""Values typed by hand are found in a text however they are written, and shown in the editor."""

from html import escape
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from policies.facts import registry, typed
from policies.facts.registry import KnownValue
from policies.personal_data.register import period_pattern
from policies.versions import publication_preview
from tests.factories import cookie_policy, declare_cookies, outside_services, policy_page
from tests.policies.stated_facts import DATA, IN_TEXT, STREET, set_brand, typed_in_draft
from tests.staff import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.also_without_shop, pytest.mark.slow]


def typed_in(html: str, *values: KnownValue) -> list[str]:
    return [found.value for found in typed.find(html, values or [STREET], now=[])]


# --- Finding them --------------------------------------------------------------------------------------------
def test_a_value_is_found_with_its_heading_and_the_words_around_it() -> None:
    [found] = typed.find(IN_TEXT, [STREET], now=[STREET])
    assert (found.section, found.passage, found.holds) == ("Who we are", "Write to 1 Example Street.", True)
    assert found.label == "Who we are"


@pytest.mark.parametrize(
    ("fact", "value", "text"),
    [
        ("company", "1 Example Street", "<p>1  example\nstreet, Exampleton</p>"),
        ("company", "1 Example Street", "<ul><li>Post:<br>1 Example Street</li></ul>"),
        ("company", "hello@jomso.example", "<p>Write to hello@jomso.example.</p>"),
        ("company", "hello@jomso.example", '<p><a href="mailto:hello@jomso.example">Write to us</a></p>'),
        ("company", "+44 20 7946 0000", "<p>Call (+44) 20-7946 0000</p>"),
        ("company", "+44 20 7946 0000", '<p><a href="tel:+442079460000">Call us</a></p>'),
        ("company", "+44 20 7946 0000", "<p>Call 020 7946 0000, or +44 (0)20 7946 0000</p>"),
        ("company", "+44 20 7946 0000", "<p>Call 0044 20 7946 0000</p>"),
        ("company", "+1 212 555 0100", "<p>Call (212) 555-0100</p>"),
        ("company", "+353 1 234 5678", "<p>Call 01 234 5678</p>"),
        ("company", "Exampleton", "<p>We are in Exampleton.</p>"),
        ("recipients", "Stripe", "<table><tr><td>Stripe’s page</td></tr></table>"),
        ("cookies", "_ga_*", "<p>It sets _ga_ABC123.</p>"),
        ("cookies", "order", "<p>The cookie “order” is set.</p>"),
        ("cookies", "order", "<p>The cookie <code>order</code> is set.</p>"),
        ("personal_data", "365 days", "<p>Messages are kept for 365 days.</p>"),
        ("personal_data", "365 days", "<p>After twelve months we delete messages.</p>"),
        ("personal_data", "3653 days", "<p>We keep orders for 10 years.</p>"),
        ("personal_data", "1 day", "<p>Kept for one day.</p>"),
    ],
)
def test_a_value_is_found_however_it_is_written(fact: str, value: str, text: str) -> None:
    assert typed_in(text, KnownValue(fact, "name", value)) == [value]


@pytest.mark.parametrize(
    ("fact", "value", "text"),
    [
        ("company", "1 Example Street", "<p>11 Example Street; 1 Example Streets</p>"),
        ("company", "hello@jomso.example", "<p>othello@jomso.example, hello@jomso.example.org</p>"),
        ("company", "12345678", "<p>No 123456789</p>"),
        ("company", "+44 20 7946 0000", "<p>120 7946 0000; 20 7946 00001; +49 20 7946 0001</p>"),
        ("company", "+44 1234", "<p>In 1234 we began.</p>"),
        ("company", "Reading", "<p>Thank you for reading.</p>"),
        ("recipients", "Stripe", "<p>A Striped shirt</p>"),
        ("cookies", "order", "<p>When you order, a cookie keeps the order.</p>"),
        ("cookies", "_ga_*", "<p>x_ga_1</p>"),
        ("personal_data", "30 days", "<p>Send the goods back within 30 days.</p>"),
        ("personal_data", "30 days", "<p>You have 30 days. We keep messages.</p>"),
        ("personal_data", "30 days", "<p>We keep messages for 130 days.</p>"),
    ],
)
def test_other_words_are_not_taken_for_the_value(fact: str, value: str, text: str) -> None:
    assert typed_in(text, KnownValue(fact, "name", value)) == []


def test_what_a_live_fact_says_is_not_typed_by_hand() -> None:
    set_brand(street="1 Example Street")
    page = policy_page(body=[("live_fact", "company")])
    assert "1 Example Street" in page.render_body().text
    assert typed_in_draft(page) == []


@pytest.mark.parametrize("postal_code", ["", "EX1 2MP", "12345", "D-12345"])
def test_a_town_is_found_without_its_postal_code_and_with_it_once(postal_code: str) -> None:
    set_brand(postal_code=postal_code, city="Exampleton")
    whole = f"{postal_code} Exampleton".strip()
    page = policy_page(body=f"<p>Our shop is in Exampleton.</p><p>Write to {whole}.</p>")
    found = publication_preview.preview_latest_draft(page).typed_values
    assert sorted((one.passage, one.value) for one in found) == [
        ("Our shop is in Exampleton.", "Exampleton"),
        (f"Write to {whole}.", whole),
    ]


def test_short_values_are_not_looked_for() -> None:
    set_brand(street="1a", phone="110", company_number="42")
    assert registry.stated_now() == [
        known for known in registry.stated_now() if known.fact in {"personal_data", "recipients"}
    ]


@given(DATA)
def test_facts_of_any_shape_are_read(data: Any) -> None:
    for key, fact in registry.facts().items():
        assert isinstance(fact.gap(data), str)
        for known in registry.known_values(key, data):
            typed.find(IN_TEXT, [known], now=[known])


@given(st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=30))
def test_a_value_is_found_in_the_text_that_is_nothing_but_the_value(value: str) -> None:
    for known in registry.known_values("company", {"street": value}):
        if known.value[0].isalnum() and known.value[-1].isalnum():
            assert typed_in(f"<p>{escape(known.value)}</p>", known) == [known.value]


@given(st.integers(-10_000, 100_000))
def test_every_period_is_found_in_days(days: int) -> None:
    assert period_pattern(f"{days} days")
    if days > 0:
        assert typed_in(f"<p>Kept {days} days</p>", KnownValue("personal_data", "x", f"{days} days"))


# --- In the editor -------------------------------------------------------------------------------------------
def test_the_editor_reads_what_is_typed_where_it_stands_and_which_fact_says_it(admin_client: Client) -> None:
    set_brand(street="1 Example Street", email="hello@jomso.example")
    page = policy_page(body=IN_TEXT + "<p>Or to hello@jomso.example</p>")
    editor = admin_client.get(f"/admin/pages/{page.pk}/edit/").content.decode()
    assert f'src="/admin/policies/{page.pk}/typed/"' in editor
    shown = " ".join(admin_client.get(f"/admin/policies/{page.pk}/typed/").content.decode().split())
    assert "<strong>1 Example Street</strong>: the live fact “Who we are” says it." in shown
    assert "Under “Who we are”: Write to 1 Example Street." in shown
    assert "<strong>hello@jomso.example</strong>" in shown
    assert (
        "1 Example Street</strong>" in admin_client.get(f"/admin/policies/{page.pk}/review/").content.decode()
    )


def test_a_draft_without_typed_values_says_nothing(admin_client: Client) -> None:
    page = policy_page()
    assert not admin_client.get(f"/admin/policies/{page.pk}/typed/").content.strip()
    assert admin_client.post(f"/admin/policies/{page.pk}/typed/").status_code == 405


def test_the_list_is_for_those_who_may_edit_the_page(client: Client) -> None:
    page = policy_page()
    assert signed_in(client=client).get(f"/admin/policies/{page.pk}/typed/").status_code == 302


def test_the_words_of_the_consent_bar_are_looked_through_too() -> None:
    outside_services(allow_openstreetmap=True, embeds_category=declare_cookies("media", "_osm_session"))
    page = cookie_policy(notice_text="Maps of OpenStreetMap set _osm_session.")
    found = {value: label for value, label, _holds in typed_in_draft(page)}
    assert found == {"OpenStreetMap": "Who receives data", "_osm_session": "Cookies in use"}
