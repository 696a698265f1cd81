"""Values typed by hand: the editor is told which live fact says them, and staff when they no longer hold."""

from datetime import timedelta
from html import escape
from io import StringIO
from typing import Any

import lxml.html
import pytest
from cookie_consent.models import Cookie
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from home.csp import Provider
from policies.consent import declared
from policies.facts import drift, registry, typed
from policies.facts.registry import KnownValue
from policies.models import Policy, PolicyPage, PolicyVersion, StatedValue
from policies.personal_data.register import period_pattern
from policies.versions import publication_preview
from policies.versions.dashboard import PolicyStatus, statuses
from tests.factories import cookie_policy, declare_cookies, outside_services, policy_page, publish
from tests.policies.test_dashboard import BUTTON, dashboard
from tests.policies.test_drift import DATA, ask_for_draft, set_brand
from tests.policies.test_version_screen import staff

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases, pytest.mark.slow]

STREET = KnownValue("company", "street", "1 Example Street")
IN_TEXT = "<h2>Who we are</h2><p>Write to 1 Example Street.</p>"


def status(slug: str = "house-rules") -> PolicyStatus:
    [found] = statuses(Policy.objects.filter(slug=slug), now=timezone.now())
    return found


def typed_in(html: str, *values: KnownValue) -> list[str]:
    return [found.value for found in typed.find(html, values or [STREET], now=[])]


def typed_in_draft(page: PolicyPage) -> list[tuple[str, str, bool]]:
    found = publication_preview.preview_latest_draft(PolicyPage.objects.get(pk=page.pk).specific).typed_values
    return [(one.value, one.label, one.holds) for one in found]


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


def test_a_town_that_the_brand_does_not_name_any_more_is_named() -> None:
    set_brand(postal_code="EX1 2MP", city="Exampleton")
    publish(policy_page(body="<p>Our shop is in Exampleton.</p>"))
    set_brand(postal_code="EX2 2MP")
    assert status().is_as_published
    set_brand(city="Otherton")
    assert [(found.value, found.now) for found in status().findings.typed] == [("Exampleton", "Otherton")]


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
    assert staff(client).get(f"/admin/policies/{page.pk}/typed/").status_code == 302


def test_the_words_of_the_consent_bar_are_looked_through_too() -> None:
    outside_services(allow_openstreetmap=True, embeds_category=declare_cookies("media", "_osm_session"))
    page = cookie_policy(notice_text="Maps of OpenStreetMap set _osm_session.")
    found = {value: label for value, label, _holds in typed_in_draft(page)}
    assert found == {"OpenStreetMap": "Who receives data", "_osm_session": "Cookies in use"}


# --- What no longer holds ------------------------------------------------------------------------------------
def test_an_old_street_in_a_text_without_facts_is_named_on_the_dashboard_until_it_is_gone(
    client: Client,
) -> None:
    set_brand(street="1 Example Street")
    page = policy_page()
    publish(page, body=IN_TEXT)
    assert status().is_as_published
    set_brand(street="2 New Street")

    [found] = status().findings.typed
    assert (found.value, found.now, found.section) == ("1 Example Street", "2 New Street", "Who we are")
    html = dashboard(staff(client, is_superuser=True))
    assert "Typed by hand: “1 Example Street”" in html
    assert "The live fact “Who we are” says “2 New Street” today." in html
    assert "The site matches the published policies." not in html
    assert BUTTON in html
    assert "1 difference" in client.get("/admin/policies/").content.decode()
    assert typed_in_draft(page) == [("1 Example Street", "Who we are", False)]

    publish(page, body=IN_TEXT + "<p>More.</p>")  # affirms nothing
    assert status().findings.typed
    publish(page, body="<p>Write to 2 New Street.</p>")
    assert status().is_as_published


def test_a_value_that_only_the_facts_of_the_version_know_is_named() -> None:
    set_brand(street="1 Example Street")
    publish(policy_page(body=[("imported", IN_TEXT), ("live_fact", "company")]))
    StatedValue.objects.all().delete()  # as after an upgrade
    set_brand(street="2 New Street")

    assert [found.value for found in status().findings.typed] == ["1 Example Street"]


def test_a_value_that_is_a_part_of_the_new_one_still_holds() -> None:
    set_brand(street="1 Example Street")
    publish(policy_page(body=IN_TEXT))
    set_brand(street="1 Example Street, 2nd floor")

    assert status().findings.typed == []


def test_the_name_of_a_cookie_that_is_gone_is_named() -> None:
    publish(policy_page(body="<p>Remembered in “visits” and _ga_1.</p>"))
    group = declare_cookies("analytics", "visits", "_ga_*")
    StatedValue.note(registry.stated_now())
    assert status().findings.typed == []
    Cookie.objects.filter(cookiegroup=group).delete()

    assert {(found.value, found.now) for found in status().findings.typed} == {("visits", ""), ("_ga_*", "")}


def test_a_value_of_a_fact_that_no_app_states_any_more_is_passed_over() -> None:
    StatedValue.note([KnownValue("weather", "today", "Cloudy with rain")])
    publish(policy_page(body="<p>Cloudy with rain.</p>"))
    assert status().is_as_published


def test_a_draft_is_offered_and_says_what_is_to_be_replaced(client: Client) -> None:
    set_brand(street="1 Example Street")
    publish(policy_page(body=IN_TEXT))
    set_brand(street="2 New Street")
    shown = ask_for_draft(staff(client, is_superuser=True)).content.decode()

    assert "Replace what is typed by hand" in shown
    assert PolicyPage.objects.get().has_unpublished_changes


def test_verify_policies_names_it_as_drift() -> None:
    set_brand(street="1 Example Street")
    publish(policy_page(body=IN_TEXT))
    call_command("verify_policies", stdout=StringIO(), stderr=StringIO())
    set_brand(street="2 New Street")
    said = StringIO()
    with pytest.raises(CommandError) as refused:
        call_command("verify_policies", stdout=StringIO(), stderr=said)
    assert refused.value.returncode == 1
    assert (
        "house-rules: it says by hand what company does not state any more: '1 Example Street'"
        in said.getvalue()
    )


@pytest.mark.parametrize(
    "record",
    [
        "no JSON",
        "[]",
        '{"facts": 5}',
        '{"facts": {"company": 5}, "html": 7}',
        '{"facts": {"notice": {"a": 1}, "cookies": [{}, 3]}, "html": "<p>\\u0000"}',
    ],
)
def test_a_damaged_record_breaks_nothing(record: str) -> None:
    StatedValue.note([STREET])
    found = drift.examine(PolicyVersion(record=record), drift.RunningSystem())
    assert (found.typed, found.unused, found.gaps) == ([], [], [])


# --- Asked for nothing ---------------------------------------------------------------------------------------
def test_a_category_that_no_service_uses_is_named_and_nothing_is_called_as_published(client: Client) -> None:
    analytics, media = declare_cookies("analytics", "visits"), declare_cookies("media", "_osm_session")
    declare_cookies("necessary", "consent", is_required=True)
    outside_services(allow_openstreetmap=True, embeds_category=media)
    cookie_policy()
    html = dashboard(staff(client, is_superuser=True))

    assert status("cookie-policy").findings.unused == ["Analytics"]
    assert "It asks about “Analytics”, which no service uses." in html
    assert "The site matches the published policies." not in html
    assert BUTTON not in html  # a draft alone changes nothing

    analytics.delete()
    cookie_policy(change_summary="No analytics.")
    assert "The site matches the published policies." in dashboard(client)


def test_a_cookie_of_a_service_that_is_not_set_up_is_named_in_a_category_that_is_used() -> None:
    media = declare_cookies("media", "_osm_session", provider="OpenStreetMap Foundation")
    declare_cookies("media", "vuid", provider="Vimeo")
    declare_cookies("media", "_own", provider="This site")
    outside_services(allow_openstreetmap=True, embeds_category=media)
    cookie_policy()

    assert status("cookie-policy").findings.unused == ["vuid"]
    outside_services(allow_vimeo=True)
    assert status("cookie-policy").findings.unused == []


def test_a_category_of_a_service_in_code_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    own = Provider("counter", "Our counter", "Counts", category="analytics")
    monkeypatch.setattr(declared, "providers_in_use", lambda: [own])
    declare_cookies("analytics", "visits")
    cookie_policy()

    assert status("cookie-policy").findings.unused == []
    assert [service["category"] for service in registry.state("services")] == ["analytics"]


def test_a_policy_says_under_which_name_visitors_are_asked_about_a_service() -> None:
    outside_services(allow_openstreetmap=True, embeds_category=declare_cookies("media"))
    html = policy_page(body=[("live_fact", "services")]).render_body().html

    [row] = lxml.html.fromstring(html).xpath("//tbody/tr")
    assert [cell.text for cell in row] == ["OpenStreetMap", "Media", "https://www.openstreetmap.org"]
    assert html.count("Servers") == 1


def test_a_list_that_is_cut_says_how_much_is_left_and_leads_to_all_of_it(client: Client) -> None:
    set_brand(street="1 Example Street")
    page = policy_page()
    publish(page, body="".join(f"<p>{n}: 1 Example Street.</p>" for n in range(8)))
    set_brand(street="2 Other Road")
    admin = staff(client, is_superuser=True)
    html, whole = dashboard(admin), f"/admin/policies/inspect/{status().policy.pk}/"
    assert html.count("Typed by hand: “1 Example Street”") == 5
    assert f'<a href="{whole}">And 3 more</a>' in html
    assert admin.get(whole).content.decode().count("Typed by hand: “1 Example Street”") == 8


def test_the_editor_reads_how_many_more_values_are_typed(admin_client: Client) -> None:
    set_brand(street="1 Example Street")
    page = policy_page(body="".join(f"<p>{n}: 1 Example Street.</p>" for n in range(23)))
    shown = admin_client.get(f"/admin/policies/{page.pk}/typed/").content.decode()
    assert shown.count("<strong>1 Example Street</strong>") == 20
    assert "And 3 more." in shown
    assert 'data-said="23 values typed by hand"' in shown


# --- What is announced ---------------------------------------------------------------------------------------
def test_an_announced_version_with_old_facts_is_named_until_it_is_rebased(client: Client) -> None:
    set_brand(phone="030 1111")
    page = policy_page(body=[("live_fact", "company")])
    publish(page)
    coming = publish(
        page,
        body=[("live_fact", "company"), ("imported", "<p>More.</p>")],
        effective_from=timezone.now() + timedelta(days=9),
    )
    set_brand(phone="030 2222")
    admin = staff(client, is_superuser=True)
    publish(page, body=[("live_fact", "company")], undone_by=[2])
    html = dashboard(admin)
    assert f"Version 2, from {coming.effective_day}, will say what does not hold today:" in html
    assert "telephone: “030 1111” became “030 2222”" in html
    assert "Rebase version 2" in html

    admin.post(f"/admin/policy-versions/{coming.pk}/rebase/")
    PolicyPage.objects.get().get_latest_revision().publish()
    assert "will say what does not hold" not in dashboard(admin)


def test_an_announced_version_that_only_has_old_facts_can_be_rebased(client: Client) -> None:
    set_brand(phone="030 1111")
    page = policy_page()
    publish(page)
    coming = publish(page, body=[("live_fact", "company")], effective_from=timezone.now() + timedelta(days=9))
    set_brand(phone="030 2222")
    assert not status().undoing
    assert [version for version, _found in status().coming_findings] == [coming]
    assert not status().is_as_published

    staff(client, is_superuser=True).post(f"/admin/policy-versions/{coming.pk}/rebase/")
    PolicyPage.objects.get().get_latest_revision().publish()
    assert status().coming_findings == []


@pytest.mark.slow
def test_looking_for_typed_values_costs_no_more_queries_with_more_of_them(admin_client: Client) -> None:
    page = policy_page()
    publish(page, body=IN_TEXT)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            admin_client.get(f"/admin/policies/{page.pk}/typed/")
        return len(captured)

    queries()
    few = queries()
    StatedValue.note(KnownValue("company", "street", f"{number} Old Street") for number in range(50))
    publish(page, body=IN_TEXT + "".join(f"<p>{number} Old Street</p>" for number in range(50)))
    assert queries() == few
