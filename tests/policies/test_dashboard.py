"""The policies on the dashboard: how each stands, and what to do; to those who may see their versions."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.formats import date_format

from policies.ledger import daily_check, sealing
from policies.models import LedgerCheck, LedgerWitness, Policy, PolicyPage
from tests.factories import (
    cookie_policy,
    declare_cookies,
    outside_services,
    policy,
    policy_page,
    publish,
    version,
)
from tests.policies.admin_screens import BUTTON, dashboard
from tests.policies.stated_facts import set_brand
from tests.staff import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def test_it_says_when_everything_is_as_published(client: Client) -> None:
    publish(policy_page())
    html = dashboard(signed_in(client=client, is_superuser=True))

    assert "The site matches the published policies." in html
    assert "Version 1, in force since" in html


def test_it_names_services_that_wait_for_the_cookie_policy_to_ask_about_them(client: Client) -> None:
    cookie_policy()
    media = declare_cookies("media", "_osm_session")
    outside_services(allow_openstreetmap=True, embeds_category=media)
    waiting = "OpenStreetMap does not run: the cookie policy in force does not name it under “Media”"
    admin = signed_in(client=client, is_superuser=True)
    assert waiting in dashboard(admin)
    assert "The site matches the published policies." not in dashboard(admin)
    cookie_policy(change_summary="Maps.")
    assert "waits" not in dashboard(admin)


def test_it_says_when_there_is_nothing_yet(client: Client) -> None:
    policy()

    assert "No policy was published yet." in dashboard(signed_in(client=client, is_superuser=True))


def test_it_names_what_is_coming_and_in_how_many_days(client: Client) -> None:
    page = policy_page()
    publish(page)
    publish(page, body="<p>Two.</p>", effective_from=timezone.now() + timedelta(days=1))
    publish(page, body="<p>Three.</p>", effective_from=timezone.now() + timedelta(days=21))
    html = dashboard(signed_in(client=client, is_superuser=True))

    assert "Version 1, in force since" in html
    assert "in 1 day<" in html
    assert "in 21 days<" in html


def test_its_lines_tell_policies_of_the_same_title_apart(client: Client) -> None:
    publish(policy_page("Rules", slug="rules", kind="terms"))
    publish(policy_page("Rules", slug="other-rules"))
    html = dashboard(signed_in(client=client, is_superuser=True))

    assert "Terms of sale · /rules/" in html
    assert "Another policy · /other-rules/" in html


def test_it_says_the_kind_once_where_it_is_the_title(client: Client) -> None:
    publish(policy_page("Privacy policy", kind="privacy"))
    assert dashboard(signed_in(client=client, is_superuser=True)).count("Privacy policy") == 1


def test_it_names_a_draft(client: Client) -> None:
    page = policy_page()
    publish(page)
    PolicyPage.objects.get().save_revision()
    html = dashboard(signed_in(client=client, is_superuser=True))

    assert "Draft not published" in html
    assert "The site matches the published policies." not in html


def test_it_names_what_drifted_and_offers_a_draft(client: Client) -> None:
    publish(policy_page(body=[("live_fact", "company")]))
    set_brand(phone="030 1234")
    html = dashboard(signed_in(client=client, is_superuser=True))

    assert "telephone: “030 1234” added" in html
    assert BUTTON in html
    assert "The site matches the published policies." not in html


def test_it_offers_no_draft_where_an_announced_version_says_so(client: Client) -> None:
    page = policy_page(body=[("live_fact", "company")])
    publish(page)
    set_brand(phone="030 1234")
    publish(page, effective_from=timezone.now() + timedelta(days=2))
    html = dashboard(signed_in(client=client, is_superuser=True))

    assert "Version 2 says so from" in html
    assert BUTTON not in html


def test_it_offers_no_draft_to_those_who_may_not_edit(client: Client) -> None:
    publish(policy_page(body=[("live_fact", "company")]))
    set_brand(phone="030 1234")
    html = dashboard(signed_in("view_policyversion", client=client))

    assert "telephone: “030 1234” added" in html
    assert BUTTON not in html


def test_it_leads_to_the_draft_that_is_there(client: Client) -> None:
    page = policy_page(body=[("live_fact", "company")])
    publish(page)
    set_brand(phone="030 1234")
    PolicyPage.objects.get().save_revision()
    html = dashboard(signed_in(client=client, is_superuser=True))

    assert BUTTON not in html
    assert f'href="/admin/pages/{page.pk}/edit/"' in html


@pytest.mark.both_databases
@pytest.mark.also_without_shop
@pytest.mark.parametrize("record", ["no JSON", "[]", '{"facts": {}}'])
def test_a_record_that_was_tampered_with_is_told_and_breaks_nothing(client: Client, record: str) -> None:
    version(policy())
    with connection.cursor() as cursor:
        cursor.execute("UPDATE policies_policyversion SET record = %s", [record])
    admin = signed_in(client=client, is_superuser=True)
    found = Policy.objects.get()

    assert "was changed after it was published" in dashboard(admin)
    of_version = f"/admin/policy-versions/inspect/{found.versions.get().pk}/"
    for address in ("/admin/policies/", f"/admin/policies/inspect/{found.pk}/", of_version):
        assert admin.get(address).status_code == 200


def test_those_who_may_not_see_versions_do_not_see_it(client: Client) -> None:
    publish(policy_page())

    assert dashboard(signed_in(client=client)) == ""


@pytest.mark.slow
def test_it_costs_no_more_queries_with_more_policies(client: Client) -> None:
    admin = signed_in(client=client, is_superuser=True)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            dashboard(admin)
        return len(captured)

    publish(policy_page(body=[("live_fact", "company"), ("live_fact", "personal_data")]))
    queries()
    few = queries()
    for number in range(8):
        page = policy_page(f"Rules {number}", body=[("live_fact", "company")])
        publish(page)
        publish(page, effective_from=timezone.now() + timedelta(days=2), body=[("live_fact", "recipients")])
    set_brand(phone="030 1234")
    assert queries() <= few


def test_a_title_is_printed_as_text(client: Client) -> None:
    version(policy(), title="<script>alert(1)</script>")

    assert "<script>alert" not in dashboard(signed_in(client=client, is_superuser=True))


# --- The record itself -----------------------------------------------------------------------------------
def test_it_says_in_a_line_when_the_record_was_looked_after(client: Client) -> None:
    publish(policy_page())
    admin = signed_in(client=client, is_superuser=True)
    assert "Record not checked yet · not sealed yet </p>" in dashboard(admin)

    now = timezone.now()
    head = sealing.seal(now=now)
    daily_check.run(now=now)
    LedgerWitness(head=head, time=now).save()
    shown = date_format(timezone.localtime(now), "DATETIME_FORMAT")
    line = f"Record checked {shown} · sealed {shown} · mailed to the owners {shown}"
    html = dashboard(admin)
    assert line in html
    assert "The site matches the published policies." in html
    LedgerWitness(head=head, authority="https://timestamp.example.com", token=b"x", time=now).save()
    assert f"· timestamped {shown} · mailed to the owners {shown}" in dashboard(admin)


def test_it_turns_red_with_what_the_daily_check_found(client: Client) -> None:
    publish(policy_page())
    admin = signed_in(client=client, is_superuser=True)
    found = [["house-rules", f"finding <{number}>"] for number in range(7)]
    check = LedgerCheck.objects.create(pk=1, finished_at=timezone.now(), findings=found)
    html = dashboard(admin)
    assert 'class="policies-drift policies-drift--damaged' in html
    assert "<strong>house-rules</strong>: finding &lt;4&gt;" in html
    assert "finding &lt;5&gt;" not in html
    assert "verify_policies" in html
    assert "The site matches the published policies." not in html

    check.findings = []
    check.save()
    assert "policies-drift--damaged" not in dashboard(admin)


def test_it_warns_when_nobody_checks_any_more(client: Client) -> None:
    publish(policy_page())
    admin = signed_in(client=client, is_superuser=True)
    check = LedgerCheck.objects.create(pk=1, finished_at=timezone.now() - timedelta(hours=47))
    assert "the worker does not run" not in dashboard(admin)
    check.finished_at -= timedelta(hours=2)
    check.save()
    assert "the worker does not run" in dashboard(admin)
