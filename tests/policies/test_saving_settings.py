"""Saving a setting, a cookie, a recipient: staff are told which policies are no longer true, and led to the draft."""

from datetime import timedelta
from typing import Any

import pytest
from cookie_consent.models import CookieGroup
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.html import escape
from wagtail.models import GroupApprovalTask, Site, Workflow, WorkflowTask
from wagtail.test.utils.form_data import inline_formset, nested_form_data

from forms.models import FormPage
from home.models import BrandSettings, User
from policies.models import PolicyPage, PolicyVersion, Recipient, StatedValue
from tests.factories import cookie_policy, declare_cookies, outside_services, policy_page, publish
from tests.forms.building import form_page
from tests.policies.admin_screens import said, save_brand
from tests.policies.stated_facts import CARRIER, set_brand
from tests.staff import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
LINK = "Begin the draft that says it"


@pytest.fixture(scope="module")
def page_of_module(database_of_module: None) -> int:
    set_brand(name="Jomso", street="1 Example Street")
    made = policy_page(body=[("live_fact", "company")])
    publish(made)
    return made.pk


@pytest.fixture
def page(page_of_module: int, db: None) -> PolicyPage:
    return PolicyPage.objects.get(pk=page_of_module)


def test_a_saved_street_names_the_policies_that_it_makes_false(page: PolicyPage, editor: Client) -> None:
    publish(policy_page("Terms", body="<p>Write to 1 Example Street.</p>"))
    words = save_brand(editor, street="2 New Street")
    assert "“House rules, version 1” is no longer true." in words
    assert "Who we are: street: “1 Example Street” became “2 New Street”." in words
    assert "“Terms, version 1” is no longer true. Typed by hand: “1 Example Street” (Who we are)." in words
    assert words.count(LINK) == 2


def test_the_link_begins_the_draft_that_says_it(page: PolicyPage, editor: Client) -> None:
    url = f"/admin/policies/{page.pk}/begin/"
    assert f'href="{url}"' in save_brand(editor, street="2 New Street")
    assert editor.get(url).status_code == 200
    editor.post(url, {"beginning": "now"})
    draft = PolicyPage.objects.get().get_latest_revision_as_object()
    assert draft.change_summary == "Who we are: street: “1 Example Street” became “2 New Street”."
    assert "2 New Street" in draft.render_body().text


def test_a_value_that_was_never_published_is_remembered_when_it_is_changed(editor: Client) -> None:
    set_brand(name="Jomso")
    publish(policy_page(body="<p>Write to 1 Example Street.</p>"))
    set_brand(street="1 Example Street")
    assert "Typed by hand: “1 Example Street”" in save_brand(editor, street="2 New Street")


def test_what_no_policy_says_is_saved_without_a_word(page: PolicyPage, editor: Client) -> None:
    assert "no longer true" not in save_brand(editor, tagline="Other words")


def test_what_was_false_before_is_not_told_again(page: PolicyPage, editor: Client) -> None:
    set_brand(street="2 New Street")
    assert "no longer true" not in save_brand(editor, tagline="Other words")


@pytest.mark.both_databases
def test_opening_a_setting_looks_at_nothing_and_notes_nothing(page: PolicyPage, editor: Client) -> None:
    StatedValue.objects.all().delete()
    editor.get(f"/admin/settings/home/brandsettings/{Site.objects.get().pk}/")
    assert not StatedValue.objects.exists()


def test_who_may_not_edit_the_policy_is_told_without_a_link(page: PolicyPage, client: Client) -> None:
    words = save_brand(signed_in("change_brandsettings", client=client), street="2 New Street")
    assert "no longer true" in words
    assert LINK not in words


def test_an_announced_version_that_would_be_false_is_named_with_its_day(
    page: PolicyPage, editor: Client
) -> None:
    set_brand(street="2 New Street")
    publish(page, effective_from=timezone.now() + timedelta(days=9))
    words = save_brand(editor, street="1 Example Street")
    day = PolicyVersion.objects.get(number=2).effective_day
    assert f"“House rules, version 2”, announced for {day}, will not be true." in words
    assert "Who we are: street: “2 New Street” became “1 Example Street”." in words
    assert "“House rules, version 1”" not in words


@pytest.mark.parametrize("phone", ["not a phone 9999999999", "call us", "110", "+44", "12345 x"])
def test_what_is_no_telephone_number_is_refused(page: PolicyPage, editor: Client, phone: str) -> None:
    site = Site.objects.get()
    sent = {"name": "Jomso", "phone": phone}
    response = editor.post(f"/admin/settings/home/brandsettings/{site.pk}/", sent)
    assert "Enter a telephone number." in response.content.decode()
    assert BrandSettings.for_site(site).phone == ""


@pytest.mark.parametrize("phone", ["+44 20 7946 0000", "(020) 7946-0000", "030/123456", "12345 ext. 6"])
def test_telephone_numbers_are_taken_however_they_are_written(
    page: PolicyPage, editor: Client, phone: str
) -> None:
    save_brand(editor, phone=phone)
    assert BrandSettings.for_site(Site.objects.get()).phone == phone


def test_an_announced_version_that_says_it_leaves_no_draft_to_begin(page: PolicyPage, editor: Client) -> None:
    set_brand(street="2 New Street")
    publish(page, effective_from=timezone.now() + timedelta(days=9))
    set_brand(street="1 Example Street")
    words = save_brand(editor, street="2 New Street")
    assert "no longer true" in words
    assert LINK not in words


@pytest.mark.both_databases
@pytest.mark.also_without_shop
def test_a_cookie_that_is_declared_or_deleted_names_the_cookie_policy(editor: Client) -> None:
    media = declare_cookies("media", "_osm_session")
    outside_services(allow_openstreetmap=True, embeds_category=media)
    cookie_policy()
    fields = {
        "cookiegroup": str(media.pk),
        "name": "_osm_token",
        "description": "A token",
        "provider": "OpenStreetMap",
        "duration": "1 hour",
        "party": "third",
        "storage": "cookie",
        "policy_url": "",
    }
    words = said(editor.post("/admin/declared-cookies/new/", fields, follow=True).content.decode())
    assert (
        "“Cookie policy, version 1” is no longer true. Cookies in use: Media, cookies: _osm_token added."
        in words
    )

    url = f"/admin/cookie-categories/delete/{media.pk}/"
    words = said(editor.post(url, follow=True).content.decode())
    assert "Media removed" in words
    assert not CookieGroup.objects.exists()


@pytest.mark.both_databases
def test_a_service_that_is_switched_off_leaves_a_category_that_asks_for_nothing(admin_client: Client) -> None:
    media = declare_cookies("media", "_osm_session")
    outside_services(allow_openstreetmap=True, embeds_category=media)
    cookie_policy()
    url = f"/admin/settings/home/servicesettings/{Site.objects.get().pk}/"
    words = said(admin_client.post(url, {"analytics": ""}, follow=True).content.decode())
    assert "OpenStreetMap removed" in words
    assert "It asks about “Media”, which no service uses." in words


@pytest.mark.both_databases
def test_a_recipient_that_is_declared_names_the_policy_that_lists_them(editor: Client) -> None:
    publish(policy_page(body=[("live_fact", "recipients")]))
    words = said(editor.post("/admin/recipients/new/", CARRIER, follow=True).content.decode())
    assert "Who receives data: Parcelhare added." in words
    assert Recipient.objects.exists()


@pytest.fixture
def feedback(editor: Client) -> FormPage:
    """Have a form, and a policy that says how long its messages are kept."""
    form = form_page("Feedback", keep_days=90)
    publish(policy_page(body=[("live_fact", "personal_data")]))
    return form


def longer(form: Any) -> dict[str, str]:
    """Return what the editor sends to keep the messages of a form longer."""
    return nested_form_data(
        {
            **{
                name: form[name].value() or ""
                for name in ("title", "intro", "to_address", "from_address", "subject")
            },
            "slug": "feedback",
            "thanks_text": '{"blocks": [], "entityMap": {}}',
            "keep_days": "400",
            "form_fields": inline_formset([]),
            "comments": inline_formset([]),
        }
    )


def test_a_form_that_keeps_messages_longer_names_the_policy_that_says_how_long(
    feedback: FormPage, admin_client: Client
) -> None:
    url = f"/admin/pages/{feedback.pk}/edit/"
    sent = longer(admin_client.get(url).context["form"])
    assert "no longer true" not in said(admin_client.post(url, sent, follow=True).content.decode())
    words = said(admin_client.post(url, {**sent, "action-publish": "1"}, follow=True).content.decode())
    assert words.count("Messages sent with a form, kept: 90 days became 400 days") == 1


@pytest.mark.both_databases
@pytest.mark.also_without_shop
def test_a_form_that_is_approved_names_the_policy_that_says_how_long(
    feedback: FormPage, admin_client: Client
) -> None:
    owner = User.objects.get(is_superuser=True)
    workflow, task = Workflow.objects.create(name="Check"), GroupApprovalTask.objects.create(name="Look")
    WorkflowTask.objects.create(workflow=workflow, task=task)
    feedback.save_revision(user=owner)
    workflow.start(feedback, owner)
    url = f"/admin/pages/{feedback.pk}/edit/"
    sent = longer(admin_client.get(url).context["form"])
    approval = {"action-workflow-action": "1", "workflow-action-name": "approve"}
    words = said(admin_client.post(url, {**sent, **approval}, follow=True).content.decode())
    assert FormPage.objects.get().keep_days == 400
    assert "Messages sent with a form, kept: 90 days became 400 days" in words


@pytest.mark.both_databases
@pytest.mark.parametrize("action", ["unpublish", "delete"])
def test_forms_that_are_taken_off_together_name_the_policy_that_describes_them(
    feedback: FormPage, admin_client: Client, action: str
) -> None:
    url = f"/admin/bulk/wagtailcore/page/{action}/?id={feedback.pk}&next=/admin/pages/"
    words = said(admin_client.post(url, follow=True).content.decode())
    assert not FormPage.objects.live().exists()
    assert "“House rules, version 1” is no longer true." in words


@pytest.mark.both_databases
@pytest.mark.also_without_shop
def test_a_form_that_is_taken_off_the_site_names_the_policy_that_describes_it(
    feedback: FormPage, editor: Client
) -> None:
    words = said(editor.post(f"/admin/pages/{feedback.pk}/unpublish/", follow=True).content.decode())
    assert "“House rules, version 1” is no longer true." in words


def test_a_long_list_of_differences_is_cut_and_a_title_is_printed_as_text(editor: Client) -> None:
    set_brand(name="Jomso", street="s" * 100)
    title = "<script>alert(1)</script>"
    publish(policy_page(title, slug="rules", body=[("live_fact", "company")]))
    words = save_brand(editor, street="t" * 100, city="c" * 80, country="o" * 80)
    assert escape(title) in words
    assert "<script>alert" not in words
    assert "…" in words


@pytest.mark.slow
def test_saving_costs_no_more_queries_with_more_policies(page: PolicyPage, editor: Client) -> None:
    def queries(street: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert "no longer true" in save_brand(editor, street=street)
        return len(captured)

    queries("2 New Street")
    few = queries("3 New Street")
    for number in range(6):
        publish(policy_page(f"Rules {number}"))
    assert queries("4 New Street") == few


def test_a_policy_without_a_page_is_named_without_a_link(page: PolicyPage, editor: Client) -> None:
    page.delete()
    words = save_brand(editor, street="2 New Street")
    assert "no longer true" in words
    assert LINK not in words
