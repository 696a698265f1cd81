"""The panel of the dashboard that tells owners how old the last backup is."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from wagtail.admin.ui.components import Component

from config.backup import places


class BackupPanel(Component):
    """Tells when the last backup was made, or asks for one."""

    name = "backup"
    template_name = "config/backup_panel.html"

    def __init__(self) -> None:
        self.last, self.now = places.last(), timezone.now()
        # A time in the future, by a wrong clock, does not count.
        newest, oldest = self.now + timedelta(hours=1), self.now - timedelta(days=settings.BACKUP_WARN_DAYS)
        self.is_due = self.last is None or not oldest <= self.last <= newest
        self.order = 45 if self.is_due else 400  # above the policies, or below everything

    def get_context_data(self, parent_context: Any = None) -> dict[str, Any]:
        return {"last": self.last, "is_due": self.is_due}


def add_panel(request: HttpRequest, panels: list[Component]) -> None:
    """Show it to the owners."""
    if request.user.is_superuser:
        panels.append(BackupPanel())
