"""Ways past the review, by Wagtail or by SQL: no policy changes by them, and the check finds them."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone
from wagtail.models import Page, PageLogEntry, Revision, TaskState

from policies.models import CookiePolicyPage, Policy, PolicyPage, PolicyVersion
from tests.factories import NOTICE_WORDS, home_page, policy_page, publish, version
from tests.policies.lived_site import approve, draft, person
from tests.policies.verifying import damage, sql

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
TIMED = "its page has a time for going live or for expiring, which the site never sets"


@pytest.fixture(scope="module")
def published_page(database_of_module: None) -> int:
    """Publish a policy twice."""
    page = policy_page()
    publish(page)
    publish(page, body="<p>Be very kind.</p>")
    assert damage() == []
    return page.pk


@pytest.fixture
def published(published_page: int, db: None) -> PolicyPage:
    return PolicyPage.objects.get(pk=published_page)


def an_hour_ago() -> object:
    return connection.ops.adapt_datetimefield_value(timezone.now() - timedelta(hours=1))


# --- Wagtail's own schedule --------------------------------------------------------------------------------------
@pytest.mark.both_databases
def test_a_waiting_draft_is_not_published_by_a_time_that_sql_gave_it(published: PolicyPage) -> None:
    editor = person("ed@example.com", "Ed")
    waiting = draft(published, "Kept for 99 years.", user=editor)
    waiting.get_workflow().start(waiting, editor)
    sql("UPDATE wagtailcore_revision SET approved_go_live_at = %s", an_hour_ago())
    call_command("publish_scheduled")
    assert PolicyVersion.objects.count() == 2
    assert TaskState.objects.get().status == TaskState.STATUS_IN_PROGRESS
    assert f"house-rules: {TIMED}" in damage()


def test_neither_is_the_first_draft_of_a_cookie_policy(db: None) -> None:
    said = {"change_summary": "The first.", "change_kind": "material", "takes_effect": "now", **NOTICE_WORDS}
    page = CookiePolicyPage(title="Cookies", slug="cookie-policy", body=[("imported", "<p>x</p>")], **said)
    home_page().add_child(instance=page)
    page.save_revision()
    sql("UPDATE wagtailcore_revision SET approved_go_live_at = %s", an_hour_ago())
    call_command("publish_scheduled")
    assert not PolicyVersion.objects.exists()
    assert f"cookie-policy: {TIMED}" in damage()


@pytest.mark.both_databases
def test_pages_after_it_are_published_all_the_same(published: PolicyPage) -> None:
    published.save_revision()
    about = home_page().add_child(instance=Page(title="About", slug="about", live=False))
    about.save_revision()
    sql("UPDATE wagtailcore_revision SET approved_go_live_at = %s", an_hour_ago())
    call_command("publish_scheduled")
    assert Page.objects.get(slug="about").live


def test_what_was_approved_is_published_whatever_time_sql_gave_it(published: PolicyPage) -> None:
    editor, lawyer = person("ed@example.com", "Ed"), person("law@example.com", "Lena")
    waiting = draft(published, "Be wise.", user=editor)
    content = {**waiting.latest_revision.content, "go_live_at": "2099-01-01T00:00:00Z"}
    Revision.objects.filter(pk=waiting.latest_revision.pk).update(content=content)
    assert approve(PolicyPage.objects.get(), editor=editor, lawyer=lawyer).number == 3
    assert damage() == []


@pytest.mark.both_databases
def test_a_time_on_the_row_of_a_page_is_found(published: PolicyPage) -> None:
    for column in ("go_live_at", "expire_at"):
        Page.objects.filter(slug="house-rules").update(**{column: timezone.now() + timedelta(days=1)})
        assert f"house-rules: {TIMED}" in damage()
        Page.objects.filter(slug="house-rules").update(**{column: None})
    assert damage() == []


# --- Aliases -----------------------------------------------------------------------------------------------------
@pytest.mark.both_databases
@pytest.mark.parametrize("of_home", [False, True])
def test_no_alias_is_made_of_a_policy_page(
    published: PolicyPage, admin_client: Client, of_home: bool
) -> None:
    page = home_page() if of_home else published
    values = {
        "new_title": "Same rules",
        "new_slug": "same-rules",
        "new_parent_page": page.get_parent().pk,
        "alias": "on",
        "copy_subpages": "on",
    }
    before = Page.objects.count()
    answer = admin_client.post(f"/admin/pages/{page.pk}/copy/", values, follow=True)
    assert "A policy page cannot have an alias." in answer.content.decode()
    assert Page.objects.count() == before


def test_the_form_for_copies_offers_no_alias_of_a_policy(published: PolicyPage, admin_client: Client) -> None:
    assert 'name="alias"' not in admin_client.get(f"/admin/pages/{published.pk}/copy/").content.decode()
    assert 'name="alias"' in admin_client.get(f"/admin/pages/{home_page().pk}/copy/").content.decode()


@pytest.mark.both_databases
def test_no_code_makes_one_either(published: PolicyPage) -> None:
    before = Page.objects.count()
    with pytest.raises(PermissionDenied, match="cannot have an alias"):
        published.create_alias(update_slug="same-rules")
    assert Page.objects.count() == before


@pytest.mark.both_databases
def test_a_page_that_sql_made_an_alias_is_damage(published: PolicyPage) -> None:
    other = publish(policy_page("Other rules")).page
    sql("UPDATE wagtailcore_page SET alias_of_id = %s WHERE id = %s", other.pk, published.pk)
    assert damage() == ["house-rules: its page is an alias of another"]


# --- Pages and the policies that they belong to ------------------------------------------------------------------
def unlink(*pages: PolicyPage) -> None:
    for page in pages:
        sql("UPDATE policies_policyversion SET page_id = NULL WHERE page_id = %s", page.pk)


def test_two_pages_that_were_exchanged_are_damage_though_their_links_were_cut(published: PolicyPage) -> None:
    other = PolicyPage.objects.get(pk=publish(policy_page("Other rules")).page_id)
    unlink(published, other)
    for page, policy in ((published, other.policy), (other, published.policy)):
        sql("UPDATE policies_policypage SET policy_id = %s WHERE page_ptr_id = %s", policy.pk, page.pk)
    found = damage()
    assert (
        sum("was published on no page, or on one that no log says was deleted" in one for one in found) == 2
    )


@pytest.mark.both_databases
def test_a_page_that_was_taken_from_its_policy_is_damage(published: PolicyPage) -> None:
    unlink(published)
    sql("UPDATE policies_policypage SET policy_id = NULL")
    found = damage()
    assert "house-rules: its page is live, but belongs to no policy" in found
    assert any("version 2 was published on no page" in one for one in found)


@pytest.mark.both_databases
def test_a_page_that_was_deleted_by_sql_is_damage(published: PolicyPage) -> None:
    unlink(published)
    sql("DELETE FROM policies_policypage")
    sql("DELETE FROM wagtailcore_page WHERE id = %s", published.pk)
    assert any("version 2 was published on no page" in one for one in damage())


def test_a_page_that_was_deleted_by_staff_is_none_nor_is_the_one_that_continues_it(
    published: PolicyPage,
) -> None:
    publish(policy_page("Other rules"))  # in the same hour, and still there
    published.delete()
    assert damage() == []
    assert publish(policy_page(), body="<p>Be very kind.</p>").number == 2  # the text in force: no version
    assert Policy.objects.get(slug="house-rules").page.live
    assert damage() == []


@pytest.mark.both_databases
def test_a_page_that_is_not_live_is_damage_unless_somebody_unpublished_it(published: PolicyPage) -> None:
    words = "house-rules: its page is not live, and no log says that somebody unpublished it"
    sql("UPDATE wagtailcore_page SET live = %s WHERE id = %s", False, published.pk)
    assert damage() == [words]
    sql("UPDATE wagtailcore_page SET live = %s WHERE id = %s", True, published.pk)
    PolicyPage.objects.get().unpublish()
    assert PageLogEntry.objects.filter(action="wagtail.unpublish").exists()
    assert damage() == []
    PageLogEntry.objects.update(timestamp=timezone.now() - timedelta(days=1))  # before the last publication
    assert damage() == [words]


def test_a_version_that_never_had_a_page_is_none(db: None) -> None:
    version(Policy.objects.create(slug="x", kind="other", title="x", language="en"), title="x")
    assert damage() == []
