"""Who receives data although no browser contacts them: declared under Settings, printed by the live fact, or a gap."""

from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from wagtail.test.utils.form_data import streamfield

from policies.facts import registry
from policies.models import Policy, PolicyPage, Recipient
from policies.versions import publication_preview
from tests.factories import declare_cookies, outside_services, policy_form, policy_page, publish
from tests.policies.admin_screens import BUTTON, dashboard
from tests.policies.stated_facts import CARRIER, status
from tests.staff import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.also_without_shop]

GAP = "Not yet stated: who else receives data"


@pytest.fixture
def page() -> PolicyPage:
    return policy_page(body=[("live_fact", "recipients")])


def declare(**values: str) -> Recipient:
    return Recipient.objects.create(**{**CARRIER, **values})


def test_the_fact_prints_who_what_why_where_and_the_contract(page: PolicyPage) -> None:
    declare()
    text = page.render_body().text
    assert all(words in text for words in CARRIER.values())
    assert "Not yet stated" not in text


def test_with_none_declared_the_fact_is_a_marked_gap_and_never_says_nobody(page: PolicyPage) -> None:
    html = page.render_body().html
    assert f"<mark>{GAP}" in html
    assert "no outside" not in html


def test_what_a_browser_meets_stands_beside_the_gap(page: PolicyPage) -> None:
    outside_services(allow_openstreetmap=True, embeds_category=declare_cookies("media", "_osm_session"))
    html = page.render_body().html
    assert GAP in html
    assert "OpenStreetMap" in html
    declare()
    assert "OpenStreetMap" in page.render_body().html


def test_publishing_says_that_there_is_a_gap(page: PolicyPage, admin_client: Client) -> None:
    preview = publication_preview.preview_latest_draft(page)
    assert [gap[: len(GAP)] for gap in preview.gaps] == [GAP]
    assert GAP in admin_client.get(f"/admin/policies/{page.pk}/typed/").content.decode()
    declare()
    assert publication_preview.preview_latest_draft(page).gaps == []


def test_what_publishing_did_names_the_gap(page: PolicyPage, admin_client: Client) -> None:
    sent = policy_form(body=streamfield([("live_fact", "recipients")]), **{"action-publish": "1"})
    shown = admin_client.post(f"/admin/pages/{page.pk}/edit/", sent, follow=True).content.decode()
    assert "Version 1 is in force." in shown
    assert GAP in shown


def test_the_dashboard_names_the_gap_until_it_is_filled(page: PolicyPage, client: Client) -> None:
    publish(page)
    admin = signed_in(client=client, is_superuser=True)
    html = dashboard(admin)
    assert GAP in html
    assert "The site matches the published policies." not in html
    declare()
    html = dashboard(admin)
    assert GAP not in html
    assert "Parcelhare added" in html
    assert BUTTON in html


def test_what_was_frozen_before_recipients_were_declared_is_shown_as_it_was(page: PolicyPage) -> None:
    version = publish(page)
    frozen = version.html
    declare()
    assert Policy.objects.get().in_force().html == frozen
    assert status().findings.drifts[0].changes == ["Parcelhare added"]


@pytest.mark.parametrize(
    "data", [[], [{"name": "Stripe", "purpose": "", "country": "", "privacy_url": ""}], None, {}]
)
def test_the_facts_of_older_records_have_a_gap_too(data: Any) -> None:
    assert registry.facts()["recipients"].gap(data).startswith(GAP)


def test_an_editor_declares_changes_and_removes_them_under_settings(editor: Client) -> None:
    assert "/admin/recipients/" in editor.get("/admin/").content.decode()  # the menu
    assert editor.post("/admin/recipients/new/", CARRIER).status_code == 302
    [carrier] = Recipient.objects.all()
    editor.post(f"/admin/recipients/edit/{carrier.pk}/", {**CARRIER, "country": "Ireland"})
    assert Recipient.objects.get().country == "Ireland"
    assert "Parcelhare" in editor.get("/admin/recipients/").content.decode()
    editor.post(f"/admin/recipients/delete/{carrier.pk}/")
    assert not Recipient.objects.exists()


def test_what_can_be_done_about_a_gap_is_said_by_its_fact(
    page: PolicyPage, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(page)
    signed_in(client=client, is_superuser=True)
    assert "Declare them under Settings" in dashboard(client)
    facts = registry.facts()
    other = replace(facts["recipients"], remedy="Ask the owner.")
    monkeypatch.setattr(registry, "facts", lambda: {**facts, "recipients": other})
    for html in (dashboard(client), client.get(f"/admin/policies/{page.pk}/typed/").content.decode()):
        assert "bookkeeper. Ask the owner." in html
        assert "Declare them" not in html


@pytest.mark.parametrize("name", CARRIER)
def test_each_of_the_five_is_asked_for(editor: Client, name: str) -> None:
    assert editor.post("/admin/recipients/new/", {**CARRIER, name: ""}).status_code == 200
    assert not Recipient.objects.exists()


def test_nobody_is_declared_twice(editor: Client) -> None:
    declare()
    assert editor.post("/admin/recipients/new/", CARRIER).status_code == 200


def test_who_has_not_the_right_declares_nobody(client: Client) -> None:
    assert signed_in(client=client).post("/admin/recipients/new/", CARRIER).status_code == 302
    assert not Recipient.objects.exists()
