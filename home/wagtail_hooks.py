"""What the home app contributes to itself: the outside services of the settings, and pages that change by the clock."""

from django.db import DatabaseError
from wagtail import hooks

from home.csp import Provider
from home.models import ServiceSettings
from home.page_cache import schedule


@hooks.register("register_service_providers")
def outside_services() -> list[Provider]:
    """Return the services that are switched on in the settings."""
    try:
        return list(ServiceSettings.current().providers())
    except DatabaseError:  # the page that says so needs none of them
        return []


@hooks.register("register_known_changes")
def known_changes() -> list[schedule.NextChange]:
    return [schedule.next_scheduled_page]
