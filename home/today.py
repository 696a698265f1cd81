"""Today, the first page of the admin: what waits, a tile for each, and what to set up first.

Apps add tiles by Wagtail's hook `construct_homepage_summary_items`, and steps of the first day by our own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST
from wagtail.admin.site_summary import SummaryItem
from wagtail.admin.ui.components import Component
from wagtail.admin.views.home import WorkflowObjectsToModeratePanel
from wagtail.models import Site

from home.hooks import collect
from home.models import BrandSettings


class Tile(SummaryItem):
    """A figure, and the screen that it leads to; shown to those with the permission, if there is a URL."""

    template_name = "home/admin/tile.html"

    def __init__(
        self,
        request: HttpRequest,
        order: int,
        label: str,
        url: str | None,
        figure: Callable[[], int | str],
        permission: str = "",
        *,
        is_alarm: bool = False,
        is_seldom: bool = False,
    ) -> None:
        """Take what counts, once at most, and not for those who do not see it.

        An alarm is red unless it is 0; what is seldom is not shown at all then.
        """
        super().__init__(request)
        self.order, self.label, self.url = order, label, url
        self.figure, self.permission, self.is_alarm = cache(figure), permission, is_alarm
        self.is_seldom = is_seldom

    @property
    def is_allowed(self) -> bool:
        """It leads somewhere where the user may look."""
        return bool(self.url) and (not self.permission or self.request.user.has_perm(self.permission))

    def is_shown(self) -> bool:
        return self.is_allowed and (not self.is_seldom or bool(self.figure()))

    def get_context_data(self, parent_context: Any = None) -> dict[str, Any]:
        return {"label": self.label, "url": self.url, "figure": self.figure(), "is_alarm": self.is_alarm}


class Button(Tile):
    """A screen that a button beside the heading leads to: without a figure, so not among the tiles (home.html)."""

    is_button = True

    def __init__(
        self, request: HttpRequest, label: str, url: str | None, *, is_secondary: bool = False
    ) -> None:
        super().__init__(request, 0, label, url, lambda: "")
        self.is_secondary = is_secondary

    def render_html(self, parent_context: Any = None) -> SafeString:
        return SafeString("")


WorkflowObjectsToModeratePanel.order = 40  # what waits for a review, above what is only to be read


def leave_out_others(_request: HttpRequest, items: list[SummaryItem]) -> None:
    """Leave out what Wagtail counts: how many pages and pictures there are, nobody needs every day."""
    items[:] = [item for item in items if isinstance(item, Tile)]


# --- The first day -----------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Step:
    """Something to set up before the first sale; the system itself says whether it is done."""

    key: str
    order: int
    label: str
    url: str
    is_done: Callable[[], bool]


def first_steps() -> list[Step]:
    found: list[Step] = collect("register_first_steps", key=lambda step: step.key)
    return sorted(found, key=lambda step: step.order)


class FirstStepsPanel(Component):
    """The steps of the first day, each ticked once it is done."""

    name = "first-steps"
    template_name = "home/admin/first_steps.html"
    order = 5  # above all others

    def __init__(self) -> None:
        self.steps = [(step, step.is_done()) for step in first_steps()]

    def get_context_data(self, parent_context: Any = None) -> dict[str, Any]:
        return {"steps": self.steps, "csrf_token": parent_context.get("csrf_token")}


def add_first_steps(request: HttpRequest, panels: list[Component]) -> None:
    """Show them to owners, until all are done or an owner has dismissed them."""
    if not request.user.is_superuser or BrandSettings.current().first_steps_dismissed:
        return
    panel = FirstStepsPanel()
    if not all(is_done for _step, is_done in panel.steps):
        panels.append(panel)


@require_POST
def dismiss_first_steps(request: HttpRequest) -> HttpResponse:
    """Show the steps no more."""
    if not request.user.is_superuser:
        raise PermissionDenied
    brand = BrandSettings.for_site(Site.objects.get(is_default_site=True))
    brand.first_steps_dismissed = True
    brand.save(update_fields=["first_steps_dismissed"])
    return redirect("wagtailadmin_home")
