"""Who may publish policies, without review or as its reviewer, and who may withdraw what was announced."""

from typing import TypeGuard

from django.contrib.auth.models import AnonymousUser
from wagtail.models import Page, PagePermissionTester

from home.models import User


def may_publish(user: User | AnonymousUser) -> TypeGuard[User]:
    """Return whether somebody holds the right to publish policies, wherever in the tree."""
    return user.has_perm("policies.publish_policypage")


def may_withdraw(user: User | AnonymousUser) -> TypeGuard[User]:
    """Return whether somebody may withdraw versions that are still to come."""
    return user.has_perm("policies.view_policyversion") and may_publish(user)


class PolicyPermissionTester(PagePermissionTester):
    """Lets only those publish a policy who may publish policies. Wagtail also asks it of who approves a draft."""

    def __init__(self, user: User | AnonymousUser, page: Page) -> None:
        super().__init__(user, page)
        if not user.is_active or user.is_superuser:
            return
        if may_publish(user):
            self.permissions.add("publish")
        else:
            self.permissions.discard("publish")
