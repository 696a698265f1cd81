"""The policies on the dashboard: how each one stands, and what somebody should do about it. It only shows."""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils import timezone
from wagtail.admin.ui.components import Component

from home.models import User
from policies.models import Policy
from policies.versions import overview

RIGHT = "policies.view_policyversion"


class PoliciesPanel(Component):
    """A line for each policy that was ever published."""

    name = "policies"
    template_name = "policies/admin/dashboard.html"
    order = 50  # above Wagtail's own

    class Media:
        css = {"all": ["css/admin/policies.css"]}

    def get_context_data(self, parent_context: Any = None) -> dict[str, Any]:
        """Look up how the policies stand, and what this person may do."""
        request = parent_context["request"]
        now = timezone.now()
        standings = overview.standings(Policy.objects.published().order_by("title", "pk"), now=now)
        waiting = overview.waiting_services(now=now)
        return {
            "request": request,
            "csrf_token": parent_context.get("csrf_token"),
            "lines": [(standing, may_edit(request.user, standing)) for standing in standings],
            "waiting_services": waiting,
            "is_all_as_published": not waiting and all(standing.is_as_published for standing in standings),
        }


def may_edit(user: User | AnonymousUser, standing: overview.Standing) -> bool:
    """Say whether somebody may edit the page of a policy."""
    return standing.page is not None and standing.page.permissions_for_user(user).can_edit()


def add_panel(request: HttpRequest, panels: list[Component]) -> None:
    """Show the policies to those who may see their versions."""
    if request.user.has_perm(RIGHT):
        panels.append(PoliciesPanel())
