"""Staff groups: they come with the database, hold the least rights, and are never overwritten."""

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from config import groups
from home.models import HomePage, User

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases, pytest.mark.also_without_shop]


@pytest.fixture
def editor() -> User:
    """Create a member of the group Editors."""
    user = User.objects.create_user("editor@example.com", "a-long-password")
    user.groups.add(Group.objects.get(name="Editors"))
    return user


def test_the_groups_exist_in_a_new_database() -> None:
    assert set(Group.objects.values_list("name", flat=True)) == {
        "Editors",
        "Legal reviewers",
        "Customer service",
        "Packers",
    }


def test_rights_that_the_owner_changed_stay_changed() -> None:
    group = Group.objects.get(name="Editors")
    group.permissions.clear()
    groups.ensure_groups()
    assert not group.permissions.exists()


def test_a_group_that_was_deleted_comes_back_with_its_rights() -> None:
    before = set(Group.objects.get(name="Editors").permissions.values_list("codename", flat=True))
    Group.objects.get(name="Editors").delete()
    groups.ensure_groups()
    assert set(Group.objects.get(name="Editors").permissions.values_list("codename", flat=True)) == before


def test_an_editor_may_edit_and_publish_pages_but_not_manage_people(editor: User, client: Client) -> None:
    home = HomePage.objects.get()
    permissions = home.permissions_for_user(editor)
    assert permissions.can_edit()
    assert permissions.can_publish()
    client.force_login(editor)
    assert client.get(f"/admin/pages/{home.pk}/edit/").status_code == 200
    assert client.get("/admin/users/").status_code == 302
    assert not editor.has_perm("forms.view_submission")


def test_an_editor_manages_pictures_documents_and_the_brand(editor: User, client: Client) -> None:
    client.force_login(editor)
    for path in (
        "/admin/images/add/",
        "/admin/documents/multiple/add/",
        f"/admin/settings/home/brandsettings/{HomePage.objects.get().get_site().pk}/",
    ):
        assert client.get(path).status_code == 200, path


def test_an_editor_sees_the_policies_screens_but_not_the_mail(editor: User, client: Client) -> None:
    client.force_login(editor)
    menu = client.get("/admin/").content.decode()
    assert "/admin/policy-versions/" in menu
    assert "/admin/mails/" not in menu


def test_customer_service_reads_submissions_but_edits_no_pages() -> None:
    user = User.objects.create_user("service@example.com", "a-long-password")
    user.groups.add(Group.objects.get(name="Customer service"))
    assert user.has_perms(["forms.view_submission", "forms.answer_submission"])
    assert not HomePage.objects.get().permissions_for_user(user).can_edit()
