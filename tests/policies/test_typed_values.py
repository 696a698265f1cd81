"""Values typed by hand that no longer hold: staff are told where they stand."""

from datetime import timedelta
from io import StringIO

import lxml.html
import pytest
from cookie_consent.models import Cookie
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from home.csp import Provider
from policies.consent import declared
from policies.facts import drift, registry
from policies.facts.registry import KnownValue
from policies.models import PolicyPage, PolicyVersion, StatedValue
from tests.factories import cookie_policy, declare_cookies, outside_services, policy_page, publish
from tests.policies.admin_screens import BUTTON, ask_for_draft, dashboard
from tests.policies.stated_facts import IN_TEXT, STREET, set_brand, status, typed_in_draft
from tests.staff import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.also_without_shop, pytest.mark.slow]


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
    html = dashboard(signed_in(client=client, is_superuser=True))
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


def test_a_town_that_the_brand_does_not_name_any_more_is_named() -> None:
    set_brand(postal_code="EX1 2MP", city="Exampleton")
    publish(policy_page(body="<p>Our shop is in Exampleton.</p>"))
    set_brand(postal_code="EX2 2MP")
    assert status().is_as_published
    set_brand(city="Otherton")
    assert [(found.value, found.now) for found in status().findings.typed] == [("Exampleton", "Otherton")]


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


@pytest.mark.both_databases
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


@pytest.mark.both_databases
def test_a_draft_is_offered_and_says_what_is_to_be_replaced(client: Client) -> None:
    set_brand(street="1 Example Street")
    publish(policy_page(body=IN_TEXT))
    set_brand(street="2 New Street")
    shown = ask_for_draft(signed_in(client=client, is_superuser=True)).content.decode()

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
    html = dashboard(signed_in(client=client, is_superuser=True))

    assert status("cookie-policy").findings.unused == ["Analytics"]
    assert "It asks about “Analytics”, which no service uses." in html
    assert "The site matches the published policies." not in html
    assert BUTTON not in html  # a draft alone changes nothing

    analytics.delete()
    cookie_policy(change_summary="No analytics.")
    assert "The site matches the published policies." in dashboard(client)


@pytest.mark.both_databases
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


@pytest.mark.both_databases
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
    admin = signed_in(client=client, is_superuser=True)
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
@pytest.mark.both_databases
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
    admin = signed_in(client=client, is_superuser=True)
    publish(page, body=[("live_fact", "company")], undone_by=[2])
    html = dashboard(admin)
    assert f"Version 2, from {coming.effective_day}, will say what does not hold today:" in html
    assert "telephone: “030 1111” became “030 2222”" in html
    assert "Bring the change over to version 2" in html

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

    signed_in(client=client, is_superuser=True).post(f"/admin/policy-versions/{coming.pk}/rebase/")
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
