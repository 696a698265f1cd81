"""Pages that are deleted in the admin: off the site at once, in the bin for 30 days, put back or deleted from there."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from wagtail.models import Page, Revision

from home import page_bin
from home.models import BinnedPage, ContentPage, HomePage, User
from tests.factories import home_page, policy_page, publish

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


def content(title: str = "Care", parent: Page | None = None, **values: Any) -> ContentPage:
    page = ContentPage(title=title, slug=title.lower(), **values)
    (parent or home_page()).add_child(instance=page)
    page.save_revision().publish()
    return page


def delete(client: Client, *pages: Page) -> None:
    url = f"/admin/pages/{pages[0].pk}/delete/"
    if len(pages) > 1:
        url = "/admin/bulk/wagtailcore/page/delete/?" + "&".join(f"id={page.pk}" for page in pages)
    assert client.post(url).status_code == 302


def press(client: Client, page: Page, do: str) -> str:
    entry = BinnedPage.objects.get(page_id=page.pk)
    response = client.post("/admin/bin/", {"entry": str(entry.pk), "do": do}, follow=True)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_a_deleted_page_is_off_the_site_with_all_below_it_and_its_url_is_free(admin_client: Client) -> None:
    care = content()
    child = content("Wood", care)
    assert admin_client.get("/care/wood/").status_code == 200
    assert "Then it is in the bin" in admin_client.get(f"/admin/pages/{care.pk}/delete/").content.decode()
    delete(admin_client, care)
    assert admin_client.get("/care/").status_code == admin_client.get("/care/wood/").status_code == 404
    assert not Page.objects.filter(pk__in=[care.pk, child.pk], live=True).exists()
    assert "/care/" not in admin_client.get("/sitemap.xml").content.decode()
    content()
    assert admin_client.get("/care/").status_code == 200
    listed = admin_client.get("/admin/bin/").content.decode()
    assert "Care" in listed
    assert "and 1 page below it" in listed


def test_it_is_put_back_as_a_draft_where_it_was(editor: Client) -> None:
    care = content("About")
    child = content("Wood", care)
    delete(editor, child)
    assert "is back as a draft, below “About”" in press(editor, child, "put_back")
    child.refresh_from_db()
    assert (child.get_parent().pk, child.live, child.slug) == (care.pk, False, "wood")
    child.get_latest_revision().publish()
    assert editor.get("/about/wood/").status_code == 200
    assert not BinnedPage.objects.exists()


def test_it_comes_back_below_the_home_page_if_its_place_is_gone(editor: Client) -> None:
    care = content()
    child = content("Wood", care)
    delete(editor, child)
    delete(editor, care)
    press(editor, child, "put_back")
    child.refresh_from_db()
    assert child.get_parent().pk == home_page().pk


def test_a_url_that_is_taken_meanwhile_gets_a_number(editor: Client) -> None:
    care = content()
    delete(editor, care)
    content()
    press(editor, care, "put_back")
    care.refresh_from_db()
    care.get_latest_revision().publish()
    assert editor.get("/care-2/").status_code == 200
    assert editor.get("/care/").status_code == 200


def test_pages_of_one_url_lie_in_the_bin_together(editor: Client) -> None:
    for _time in range(2):
        delete(editor, content())
    first, second = BinnedPage.objects.there().order_by("pk")
    assert (first.page.slug, second.page.slug) == ("care", "care-2")


def test_several_go_at_once(editor: Client) -> None:
    pages = [content(), content("About")]
    delete(editor, *pages)
    assert BinnedPage.objects.count() == 2
    assert Page.objects.filter(pk__in=[page.pk for page in pages], live=False).count() == 2


def test_a_page_that_was_to_be_published_later_is_not(editor: Client) -> None:
    care = content()
    care.live = False
    care.save()
    revision = care.save_revision(approved_go_live_at=timezone.now() + timedelta(days=1))
    delete(editor, care)
    assert Revision.objects.get(pk=revision.pk).approved_go_live_at is None


def test_a_policy_is_deleted_as_before_and_its_versions_stay(editor: Client, admin_client: Client) -> None:
    page = policy_page()
    publish(page)
    admin_client.post(f"/admin/pages/{page.pk}/delete/")
    assert not Page.objects.filter(pk=page.pk).exists()
    assert not BinnedPage.objects.exists()
    assert editor.get("/house-rules/").status_code == 200


def test_staff_see_what_they_deleted_and_owners_see_all(editor: Client, admin_client: Client) -> None:
    mine, other = content("Mine"), content("Other")
    delete(editor, mine)
    delete(admin_client, other)
    assert "Other" not in editor.get("/admin/bin/").content.decode()
    assert "no longer in the bin" in " ".join(
        editor.post("/admin/bin/", {"entry": str(BinnedPage.objects.get(page=other).pk)}, follow=True)
        .content.decode()
        .split()
    )
    listed = admin_client.get("/admin/bin/").content.decode()
    assert "Mine" in listed
    assert "Other" in listed
    assert "was deleted for good" in press(admin_client, mine, "delete")
    assert not Page.objects.filter(pk=mine.pk).exists()


@pytest.mark.parametrize("entry", ["", "x", "0", "٣", "9" * 40])
def test_an_entry_that_is_not_there_changes_nothing(editor: Client, entry: str) -> None:
    response = editor.post("/admin/bin/", {"entry": entry, "do": "delete"}, follow=True)
    assert "no longer in the bin" in response.content.decode()


def test_who_has_no_pages_sees_no_bin(client: Client) -> None:
    user = User.objects.create_user("service@example.com", "a-long-password")
    user.groups.add(Group.objects.get(name="Customer service"))
    client.force_login(user)
    assert client.get("/admin/bin/").status_code == 302


def test_after_thirty_days_it_is_deleted_unless_somebody_has_moved_it_out(editor: Client) -> None:
    old, new, moved = content("Old"), content("New"), content("Moved")
    for page in (old, new, moved):
        delete(editor, page)
    BinnedPage.objects.exclude(page=new).update(put_at=timezone.now() - timedelta(days=30, hours=1))
    Page.objects.get(pk=moved.pk).move(HomePage.objects.get(), pos="last-child")
    page_bin.delete_due()
    assert {*Page.objects.filter(title__in=["Old", "New", "Moved"]).values_list("title", flat=True)} == {
        "New",
        "Moved",
    }


def test_the_list_asks_the_database_as_often_for_many_pages_as_for_few(admin_client: Client) -> None:
    def asked() -> int:
        admin_client.get("/admin/bin/")
        with CaptureQueriesContext(connection) as queries:
            admin_client.get("/admin/bin/")
        return len(queries)

    user = User.objects.get()
    page_bin.put(content("First"), user=user)
    for_few = asked()
    for number in range(5):
        page_bin.put(content(f"Page-{number}"), user=user)
    assert asked() == for_few


def test_owners_find_nothing_of_it_by_searching_pages(admin_client: Client, client: Client) -> None:
    page_bin.put(content("Careless"), user=User.objects.get())
    content("Carefree")
    for url in (
        "/admin/pages/search/?q=care",
        "/admin/pages/search/results/?q=care",
        "/admin/pages/1/?q=care",
    ):
        found = admin_client.get(url).content.decode()
        assert ("Carefree" in found, "Careless" in found) == (True, False), url
    assert Client().get("/admin/pages/search/").status_code == 302
    assert "Careless" in admin_client.get("/admin/bin/").content.decode()


# --- Against the bin -----------------------------------------------------------------------------------------
def test_pressing_delete_twice_deletes_nothing_for_good(admin_client: Client) -> None:
    care, other = content(), content("Other")
    for _time in range(2):
        delete(admin_client, care)
        delete(admin_client, care, other)
    top = page_bin.bin_page()
    assert top
    delete(admin_client, top)
    delete(admin_client, top, care)
    assert [*BinnedPage.objects.values_list("page", "parent")] == [(care.pk, home_page().pk)]


def test_what_lies_in_the_bin_is_not_published(admin_client: Client) -> None:
    care = content()
    delete(admin_client, care)
    changes = {"title": "Care", "slug": "elsewhere", "action-publish": "yes"}
    for page in (care, page_bin.bin_page()):
        assert page
        answer = admin_client.post(f"/admin/pages/{page.pk}/edit/", changes)
        assert answer["Location"] == "/admin/bin/"
    url = f"/admin/bulk/wagtailcore/page/publish/?id={care.pk}"
    assert admin_client.post(url)["Location"] == "/admin/bin/"
    assert not Page.objects.filter(pk=care.pk, live=True).exists()
    assert BinnedPage.objects.there().count() == 1


def test_wagtails_api_acts_on_no_page(owner: Client) -> None:
    page = content()
    for action in ("delete", "unpublish", "revert_to_page_revision", "copy"):
        answer = owner.post(f"/admin/api/main/pages/{page.pk}/action/{action}/", {}, "application/json")
        assert answer.status_code == 404
    assert owner.get(f"/admin/api/main/pages/{page.pk}/").status_code == 200
    assert Page.objects.filter(pk=page.pk, live=True).exists()
