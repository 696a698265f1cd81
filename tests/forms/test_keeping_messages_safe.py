"""Who may not read messages can neither turn them to another address nor make them disappear."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.exceptions import ValidationError
from django.test import Client
from wagtail.models import GroupPagePermission

from forms.models import FormPage, Submission
from home.models import ContentPage, User
from tests.factories import home_page
from tests.forms.building import form_page

pytestmark = [pytest.mark.django_db, pytest.mark.also_without_shop]


def message(page: FormPage) -> Submission:
    """Make a message that was sent with a form."""
    return Submission.objects.create(page=page, form_data={"message": "Do you sell kettles?"})


@pytest.fixture
def user(client: Client, db: None) -> User:
    """Sign in as an editor."""
    user = User.objects.create_user("staff@example.com", "a-long-password")
    user.groups.add(Group.objects.get(name="Editors"))
    client.force_login(user)
    return user


def may(user: User, codename: str) -> None:
    """Give somebody a right over messages."""
    user.user_permissions.add(Permission.objects.get(content_type__app_label="forms", codename=codename))


def edit_fields(client: Client, page: FormPage) -> set[str]:
    """Return the names of the fields that the editor's form offers."""
    return set(client.get(f"/admin/pages/{page.pk}/edit/").context["form"].fields)


PROTECTED = {"to_address", "from_address", "keep_days"}


def test_only_readers_of_messages_may_edit_recipient_and_retention(
    client: Client, contact_page: FormPage, user: User
) -> None:
    offered = edit_fields(client, contact_page)
    assert {"title", "intro", "subject"} <= offered
    assert not PROTECTED & offered
    may(user, "view_submission")
    assert edit_fields(client, contact_page) >= PROTECTED


@pytest.mark.parametrize("days", [0, 1, 6])
def test_messages_are_kept_for_a_week_at_least(contact_page: FormPage, days: int) -> None:
    contact_page.keep_days = days
    with pytest.raises(ValidationError, match="keep_days"):
        contact_page.full_clean()
    contact_page.keep_days = 7
    contact_page.full_clean()


def delete_each_way(client: Client, page: ContentPage | FormPage) -> list[str]:
    """Try to delete a page from its menu and from the list; return what the admin answers each time."""
    paths = (f"/admin/pages/{page.pk}/delete/", f"/admin/bulk/wagtailcore/page/delete/?id={page.pk}")
    return [client.post(path, {"next": "/admin/pages/"}, follow=True).content.decode() for path in paths]


def test_a_form_with_messages_is_not_deleted(client: Client, contact_page: FormPage, user: User) -> None:
    message(contact_page)
    may(user, "view_submission")
    for answer in delete_each_way(client, contact_page):
        assert "holds messages" in answer
    assert FormPage.objects.exists()
    assert Submission.objects.exists()


@pytest.mark.both_databases
def test_a_page_above_a_form_with_messages_is_not_deleted(
    client: Client, contact_page: FormPage, user: User
) -> None:
    message(contact_page)
    above = home_page().add_child(instance=ContentPage(title="About us"))
    contact_page.refresh_from_db()
    contact_page.move(above, pos="last-child")
    bulk = Permission.objects.get(
        codename="bulk_delete_page"
    )  # without it nobody deletes a page with others below
    GroupPagePermission.objects.create(group=user.groups.get(), page=home_page(), permission=bulk)
    for answer in delete_each_way(client, ContentPage.objects.get(pk=above.pk)):
        assert "holds messages" in answer
    assert Submission.objects.exists()


def test_the_page_that_asks_before_deleting_is_not_even_shown(
    client: Client, contact_page: FormPage, user: User
) -> None:
    message(contact_page)
    response = client.get(f"/admin/pages/{contact_page.pk}/delete/")
    assert response.status_code == 302
    assert response.headers["Location"] == f"/admin/pages/{home_page().pk}/"


def test_with_the_right_to_delete_messages_it_is_deleted(
    client: Client, contact_page: FormPage, user: User
) -> None:
    message(contact_page)
    may(user, "delete_submission")
    client.post(f"/admin/pages/{contact_page.pk}/delete/")
    assert not FormPage.objects.live().exists()


@pytest.mark.both_databases
def test_a_form_without_messages_is_deleted_by_any_editor(
    client: Client, contact_page: FormPage, user: User
) -> None:
    message(form_page("Feedback"))
    client.post(f"/admin/bulk/wagtailcore/page/delete/?id={contact_page.pk}")
    assert [page.title for page in FormPage.objects.live()] == ["Feedback"]


@pytest.mark.both_databases
def test_to_delete_messages_takes_more_than_to_read_them(client: Client, contact_page: FormPage) -> None:
    sent = message(contact_page)
    reader = User.objects.create_user("reader@example.com", "a-long-password")
    reader.groups.add(Group.objects.get(name="Customer service"))
    client.force_login(reader)
    path = f"/admin/messages/delete/?selected={sent.pk}"
    assert client.get(path).status_code == 302
    client.post(path)
    assert Submission.objects.exists()
    may(reader, "delete_submission")
    client.post(path)
    assert not Submission.objects.exists()


def test_the_right_to_delete_can_be_given_to_a_group(client: Client) -> None:
    client.force_login(User.objects.create_superuser("owner@example.com", "a-long-password"))
    permission = Permission.objects.get(codename="delete_submission", content_type__app_label="forms")
    assert f'value="{permission.pk}"' in client.get("/admin/groups/new/").content.decode()
