"""Staff who are signed in to the admin."""

from django.contrib.auth.models import Permission
from django.test import Client

from home.models import User


def signed_in(*permissions: str, client: Client | None = None, is_superuser: bool = False) -> Client:
    """Return a browser, or this one, with somebody who may enter the admin and has these permissions."""
    user = User.objects.create_user("clerk@example.com", "a-long-password", is_superuser=is_superuser)
    user.user_permissions.set(Permission.objects.filter(codename__in=["access_admin", *permissions]))
    client = client or Client()
    client.force_login(user)
    return client
