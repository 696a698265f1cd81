"""Users: the e-mail address is the name, one account an address whatever its case."""

from importlib import import_module

import pytest
from django.apps import apps
from django.contrib.auth import authenticate
from django.db import IntegrityError
from django.http import HttpRequest
from django.test import Client
from wagtail.users.models import UserProfile

from home.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


def test_somebody_signs_in_with_the_address_in_any_case() -> None:
    user = User.objects.create_user("Somebody@Example.com", "a-long-password")
    request = HttpRequest()
    assert authenticate(request, username="somebody@example.COM", password="a-long-password") == user


def test_an_address_that_differs_only_in_case_is_refused() -> None:
    User.objects.create_user("somebody@example.com", "a-long-password")
    with pytest.raises(IntegrityError):
        User.objects.create_user("SOMEBODY@example.com", "a-long-password")


def test_an_account_without_an_address_is_refused() -> None:
    with pytest.raises(ValueError, match="e-mail"):
        User.objects.create_user("", "a-long-password")


def test_an_account_without_a_password_cannot_sign_in() -> None:
    user = User.objects.create_user("somebody@example.com")
    assert not user.has_usable_password()


def test_a_superuser_may_do_everything() -> None:
    user = User.objects.create_superuser("owner@example.com", "a-long-password")
    assert user.is_superuser
    assert user.is_staff


def test_nobody_has_a_time_zone_or_a_language_of_their_own(admin_client: Client) -> None:
    shown = admin_client.get("/admin/account/").content.decode()
    assert "id_password" in shown or "avatar" in shown
    assert "preferred_language" not in shown
    assert "current_time_zone" not in shown


def test_a_time_zone_that_somebody_chose_before_is_forgotten() -> None:
    users = [User.objects.create_user(f"{name}@example.com") for name in ("tokyo", "nobody")]
    for user, zone in zip(users, ("Asia/Tokyo", ""), strict=True):
        UserProfile.objects.create(user=user, current_time_zone=zone, preferred_language="de")
    import_module("home.migrations.0007_days_are_the_sites").forget_time_zones(apps, None)
    rows = UserProfile.objects.values_list("current_time_zone", "preferred_language")
    assert list(rows) == [("", "de")] * 2
