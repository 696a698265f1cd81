"""The editor of a policy as tests see it: its URLs, its newest draft, and a change that is announced."""

import re
from datetime import datetime

from django.contrib.auth.models import Group
from django.test import Client
from wagtail.models import Page

from home.models import User
from policies.models import PolicyPage
from tests.factories import policy_page, publish


def announce_brave_rules(at: datetime) -> PolicyPage:
    """Publish “Be kind.”, and announce “Be brave.” as version 2."""
    page = policy_page()
    publish(page)
    publish(page, body="<p>Be brave.</p>", effective_from=at, title="Brave rules")
    return PolicyPage.objects.get()


def editor(client: Client) -> Client:
    user = User.objects.create_user("editor@example.com", "a-long-password")
    user.groups.add(Group.objects.get(name="Editors"))
    client.force_login(user)
    return client


def edit(page: Page) -> str:
    return f"/admin/pages/{page.pk}/edit/"


def begin(page: Page) -> str:
    return f"/admin/policies/{page.pk}/begin/"


def draft_of(page: Page) -> PolicyPage:
    return PolicyPage.objects.get(pk=page.pk).get_latest_revision_as_object()


def words(page: PolicyPage) -> str:
    return page.render_body().text


def offered(client: Client, page: Page) -> list[str]:
    return re.findall(r'name="beginning" value="([\w-]+)"', client.get(begin(page)).content.decode())
