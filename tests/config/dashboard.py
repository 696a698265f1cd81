"""What tests read on Today, the first screen of the admin."""

import re

from django.contrib.auth.models import Group
from django.test import Client

from home.models import User

OWNER = ""


def sign_in(client: Client, group: str) -> None:
    user = User.objects.create_user("staff@example.com", "a-long-password", is_superuser=group == OWNER)
    if group:
        user.groups.add(Group.objects.get(name=group))
    client.force_login(user)


def today(client: Client) -> str:
    response = client.get("/admin/")
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def tiles(html: str) -> dict[str, str]:
    """Return the figure of each tile by its label."""
    found = re.findall(r'tile__figure">([^<]*)</span> <span>([^<]*)</span>', html)
    return {label: figure for figure, label in found}
