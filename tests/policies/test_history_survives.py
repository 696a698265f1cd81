"""Whatever Wagtail can do to a page, what was published stays and answers: one test for each way.

What concerns one publication only stands in test_publishing.py; any sequence of them in test_any_history.py.
"""

from datetime import timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from wagtail.models import Page

from policies.models import Policy, PolicyPage, PolicyVersion
from tests.factories import home_page, policy_page, publish
from tests.policies.verifying import damage

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture(scope="module")
def published_page(database_of_module: None) -> int:
    """Publish a policy twice."""
    page = policy_page()
    publish(page)
    publish(page, body="<p>Be very kind.</p>")
    return page.pk


@pytest.fixture
def published(published_page: int, db: None) -> PolicyPage:
    return PolicyPage.objects.get(pk=published_page)


def assert_intact(versions: int = 2) -> None:
    """Check that the first versions are there as they were, and that the public can read them."""
    policy = Policy.objects.get(slug="house-rules")
    assert policy.versions.count() == versions
    assert damage() == []
    for address, words in (("", "very kind"), ("versions/1/", "Be kind"), ("versions/", "Version 2")):
        answer = Client().get(f"/house-rules/{address}")
        assert answer.status_code == 200, address
        assert words in answer.content.decode(), address


def test_an_overwritten_live_revision(published: PolicyPage, admin_client: Client) -> None:
    published.title = "Overwritten"
    published.save_revision(overwrite_revision=published.live_revision)
    assert_intact()


def test_purged_revisions_with_a_newer_draft(published: PolicyPage) -> None:
    published.save_revision()
    call_command("purge_revisions", verbosity=0)
    assert PolicyPage.objects.get().live_revision is None
    assert_intact()


def test_a_publication_while_another_is_announced(published: PolicyPage) -> None:
    publish(published, body="<p>Be wise.</p>", effective_from=timezone.now() + timedelta(days=5))
    publish(published, body="<p>Be very kind, always.</p>")
    assert_intact(versions=4)
    with time_machine.travel(timezone.now() + timedelta(days=6)):
        assert "Be wise." in Client().get("/house-rules/").content.decode()


def test_a_page_added_live_without_a_revision_has_no_version_and_no_error() -> None:
    policy_page(live=True)
    assert not PolicyVersion.objects.exists()
    assert Client().get("/house-rules/").status_code == 404


@pytest.mark.both_databases
def test_an_expired_page(published: PolicyPage) -> None:
    expired = timezone.now() - timedelta(hours=1)
    Page.objects.filter(pk=published.pk).update(expire_at=expired)  # the editor offers no such time
    call_command("publish_scheduled")
    assert not PolicyPage.objects.get().live
    Page.objects.filter(pk=published.pk).update(expire_at=None)
    assert_intact()


@pytest.mark.parametrize("keep_live", [True, False])
def test_a_copy(published: PolicyPage, keep_live: bool) -> None:
    copy = published.copy(update_attrs={"slug": "copied-rules"}, keep_live=keep_live)
    assert_intact()
    copy.refresh_from_db()
    assert (copy.live, copy.policy) == (False, None)
    version = publish(copy, body="<p>Be quiet.</p>")
    assert (version.policy.slug, version.number) == ("copied-rules", 1)
    assert_intact()


def test_a_copy_that_was_to_be_published_says_that_it_is_a_draft(
    published: PolicyPage, admin_client: Client
) -> None:
    values = {"new_title": "Copy", "new_slug": "copied", "publish_copies": "on"}
    values["new_parent_page"] = str(published.get_parent().pk)
    answer = admin_client.post(f"/admin/pages/{published.pk}/copy/", values, follow=True)
    assert "a policy begins when its first version is published" in answer.content.decode()
    assert Client().get("/copied/").status_code == 404


def test_a_new_slug_leaves_the_old_address_working_and_the_cache_right(
    published: PolicyPage, django_capture_on_commit_callbacks: object
) -> None:
    assert_intact()  # fills the cache
    with django_capture_on_commit_callbacks(execute=True):
        publish(published, body="<p>Be very kind there.</p>", slug="new-rules")
    assert_intact(versions=3)
    assert "very kind there" in Client().get("/house-rules/").content.decode()


@pytest.mark.parametrize(
    "path", ["/admin/pages/{page}/delete/", "/admin/bulk/wagtailcore/page/delete/?id={page}&next=/admin/"]
)
def test_the_page_deleted_in_the_admin(published: PolicyPage, admin_client: Client, path: str) -> None:
    answer = admin_client.post(path.format(page=published.pk), follow=True)
    assert answer.status_code == 200
    assert not PolicyPage.objects.exists()
    assert_intact()


@pytest.mark.parametrize(
    "path",
    ["/admin/pages/{page}/unpublish/", "/admin/bulk/wagtailcore/page/unpublish/?id={page}&next=/admin/"],
)
def test_the_page_unpublished_in_the_admin(published: PolicyPage, admin_client: Client, path: str) -> None:
    assert admin_client.post(path.format(page=published.pk), follow=True).status_code == 200
    assert not PolicyPage.objects.get().live
    assert_intact()


@pytest.mark.both_databases
def test_the_parent_deleted_in_the_admin(published: PolicyPage, admin_client: Client) -> None:
    home = home_page()
    assert admin_client.post(f"/admin/pages/{home.pk}/delete/", follow=True).status_code == 200
    assert not PolicyPage.objects.exists()
    assert_intact()


def test_the_parent_and_the_site_gone(published: PolicyPage) -> None:
    home_page().delete()
    assert not PolicyPage.objects.exists()
    assert_intact()


@pytest.mark.both_databases
def test_a_page_moved_in_the_admin(published: PolicyPage, admin_client: Client) -> None:
    publish(policy_page("Other rules"))
    admin_client.post(f"/admin/pages/{published.pk}/set_position/?position=0", follow=True)
    assert_intact()
