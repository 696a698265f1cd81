"""Records who of the staff read, searched or exported personal data: a row a request, before anything is shown.

What cannot be recorded is not shown: the error reaches whoever asks. The rows hold nothing of what was seen, and go
after a year.
"""

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.generic.base import TemplateResponseMixin
from wagtail.admin.views.generic.base import BaseListingView

from policies.models import PersonalDataAccess
from policies.personal_data.register import People, PersonalData

Action = PersonalDataAccess.Action
KEEP = timedelta(days=365)


def record(request: HttpRequest | None, *, action: str, kind: str, count: int) -> None:
    """Record that somebody gets so much of a kind of data, by its key in the register; None is the command line."""
    user = request.user if request and request.user.is_authenticated else None
    by = str(user) if user else gettext("command line")
    PersonalDataAccess(user=user, by=by, action=action, kind=kind, count=count).save()


class RecordedListMixin(BaseListingView):
    """A list of personal data: what a page shows of it, how many a search finds, and how many rows an export has."""

    access_kind: str
    is_export: bool

    def render_to_response(self, context: dict[str, Any], **options: Any) -> HttpResponse:
        rows = context["object_list"]
        if self.is_export:
            self.record_access(Action.EXPORT, rows.count())
        elif self.is_searching:
            self.record_access(Action.SEARCH, context["paginator"].count)
        elif shown := len(rows):
            self.record_access(Action.READ, shown)
        return super().render_to_response(context, **options)

    def record_access(self, action: str, count: int) -> None:
        """Record what somebody gets of the list."""
        record(self.request, action=action, kind=self.access_kind, count=count)


class RecordedPageMixin(TemplateResponseMixin):
    """A page of the admin about one person's data, or about that of a few."""

    access_kind: str
    access_count = 1
    request: HttpRequest

    def render_to_response(self, context: dict[str, Any], **options: Any) -> HttpResponse:
        record(self.request, action=Action.READ, kind=self.access_kind, count=self.access_count)
        return super().render_to_response(context, **options)


# --- What the register is told ----------------------------------------------------------------------------
def expire(now: datetime) -> int:
    """Delete the rows that were kept long enough, and return how many."""
    return PersonalDataAccess.objects.remove_made_before(now - KEEP)


ACCESSES = PersonalData(
    key="policies.accesses",
    label=_("Log of who saw personal data"),
    what=_("Which account of the staff read, searched or exported which kind of data, how much, and when"),
    purpose=_("To be able to show who saw your data, and to notice misuse"),
    keep=lambda: KEEP,
    expire=expire,
    people=(People.STAFF,),
    replace=lambda: PersonalDataAccess.objects.remove_made_before(timezone.now()),
    note=_(
        "It names staff, and nobody of those whose data they saw. It is no log if somebody can have it erased."
    ),
)
