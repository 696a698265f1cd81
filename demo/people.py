"""Demo accounts. Their password is published: the app is never installed in production."""

from dataclasses import dataclass

from django.contrib.auth.models import Group

from home.models import User

PASSWORD = "try-the-demo"  # noqa: S105 - published on purpose


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
    Login("packer@jomso.example", "Packer", "Packers"),
    Login("owner@jomso.example", "Owner", None),
)


def create() -> dict[str, User]:
    """Create the demo accounts that are missing; return all by role."""
    return {login.role: _account(login) for login in LOGINS}


def logins() -> str:
    """Return how to sign in to the demo accounts that this database has, a line each."""
    emails = set(User.objects.values_list("email", flat=True))
    lines = [f"    {login.email:<24}{login.role}" for login in LOGINS if login.email in emails]
    return "\n".join([f"  Sign in with the password {PASSWORD} as", *lines, ""]) if lines else ""


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
