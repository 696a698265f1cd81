"""Reviews a policy in the admin, as a member of a group."""

import re

from django.contrib.auth.models import Group
from django.test import Client

from home.models import User
from policies.models import PolicyPage


def member(email: str, name: str, group: str) -> User:
    user = User.objects.create_user(email, "a-long-password", first_name=name)
    user.groups.add(Group.objects.get(name=group))
    return user


def review_url(page: PolicyPage) -> str:
    return f"/admin/policies/{page.pk}/review/"


def decide(client: Client, user: User, page: PolicyPage, decision: str, *, comment: str = "") -> str:
    """Open the page, decide, and return what the answer shows."""
    client.force_login(user)
    seen = re.search(r'name="seen" value="(\w+)"', client.get(review_url(page)).content.decode())
    values = {"decision": decision, "comment": comment, "seen": seen[1] if seen else ""}
    return client.post(review_url(page), values, follow=True).content.decode()
