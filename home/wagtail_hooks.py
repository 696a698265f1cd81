"""What the home app contributes: the services of the settings, changes by the clock, pages that have lost their app."""

from typing import Any

from django.db import DatabaseError
from django.http import Http404, HttpRequest
from wagtail import hooks
from wagtail.models import Page
from wagtail.query import PageQuerySet

from home.csp import Provider
from home.models import ServiceSettings
from home.page_cache import schedule


@hooks.register("register_service_providers")
def outside_services() -> list[Provider]:
    """Return the services that are switched on in the settings."""
    try:
        return [provider for provider, _category in ServiceSettings.current().providers()]
    except DatabaseError:  # the page that says so needs none of them
        return []


@hooks.register("construct_explorer_page_queryset")
def pages_of_installed_apps(parent_page: Page, pages: PageQuerySet, request: HttpRequest) -> PageQuerySet:
    """Leave out pages whose app is not installed any more: nothing can be done with them."""
    return pages.type(Page)


@hooks.register("construct_page_chooser_queryset")
def pages_to_choose(pages: PageQuerySet, request: HttpRequest) -> PageQuerySet:
    return pages.type(Page)


@hooks.register("before_serve_page")
def serve_no_page_without_its_app(page: Page, request: HttpRequest, args: Any, kwargs: Any) -> None:
    if page.specific_class is None:
        raise Http404


@hooks.register("register_known_changes")
def known_changes() -> list[schedule.NextChange]:
    return [schedule.next_scheduled_page]
