"""The dashboard tells owners how old the last backup is."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from config.backup import places
from home.models import User
from tests.config.backup.helpers import backup

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.also_without_shop, pytest.mark.slow]


def dashboard(client: Client, user: User) -> str:
    client.force_login(user)
    return client.get(reverse("wagtailadmin_home")).content.decode()


def test_owners_are_asked_for_a_backup_until_there_is_a_new_one(tmp_path: Path, client: Client) -> None:
    owner = User.objects.create_superuser("owner@example.com")
    assert "No backup was made yet" in dashboard(client, owner)
    backup(tmp_path / "one.backup")
    page = dashboard(client, owner)
    assert "The last backup was made on" in page
    assert "How to set up backups" not in page
    for days in (3, -1):  # a clock that was wrong
        places.note(timezone.now() - timedelta(days=days), 1)
        page = dashboard(client, owner)
        assert "The last backup was made on" in page
        assert 'href="/admin/guide/editor-guide.md#backup">How to set up backups' in page
    (tmp_path / "private" / places.LAST).write_text("nonsense")
    assert "No backup was made yet" in dashboard(client, owner)


def test_staff_are_not_asked_for_backups(client: Client) -> None:
    editor = User.objects.create_user("editor@example.com", is_staff=True)
    editor.groups.add(Group.objects.get(name="Editors"))
    assert "No backup was made" not in dashboard(client, editor)
