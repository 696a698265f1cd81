"""Demo logins. They have published passwords, so they are made only where the settings allow it (never production)."""

from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.exceptions import ImproperlyConfigured

from home.models import User

PASSWORD = "try-the-demo"  # noqa: S105 - published on purpose; refused in production below


@dataclass(frozen=True)
class Login:
    """A demo account: `group` None is the owner, who may do everything."""

    email: str
    role: str
    group: str | None


LOGINS = (
    Login("editor@jomso.example", "Editor", "Editors"),
    Login("lawyer@jomso.example", "Lawyer", "Legal reviewers"),
    Login("service@jomso.example", "Customer service", "Customer service"),
    Login("owner@jomso.example", "Owner", None),
)


def create() -> dict[str, User]:
    """Create the demo accounts that are missing; returns them by role.

    Raises ImproperlyConfigured where demo logins are not allowed.
    """
    if not settings.DEMO_LOGINS:
        message = "Demo logins have published passwords; they are not created in production."
        raise ImproperlyConfigured(message)
    return {login.role: _account(login) for login in LOGINS}


def _account(login: Login) -> User:
    user = User.objects.filter(email=login.email).first()
    if user is not None:
        return user
    is_owner = login.group is None
    user = User.objects.create_user(
        login.email, PASSWORD, first_name=login.role, is_staff=is_owner, is_superuser=is_owner
    )
    if login.group:
        user.groups.add(Group.objects.get(name=login.group))
    return user
