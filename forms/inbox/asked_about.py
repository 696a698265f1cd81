"""What messages are about: which products, and what else apps name (`forms.subjects`), are asked about how often."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import permission_required
from django.db.models import Count, Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe
from wagtail.admin import messages

from forms import subjects
from forms.inbox.reports import ReportView
from forms.models import READ_MESSAGES, Submission

MOST = 50  # rows


@dataclass(frozen=True)
class Asked:
    """One thing, by the name that it had in the newest message about it."""

    about: str  # kind and key
    name: str
    number: int

    @property
    def kind(self) -> str:
        return self.about.partition(":")[0]

    @property
    def messages_url(self) -> str:
        return f"{reverse('inbox:index')}?{urlencode({'about': self.about})}"

    @property
    def open_url(self) -> str:
        return f"{reverse('open_subject')}?{urlencode({'about': self.about})}"


def most_asked(*, since: datetime, kind: str = "") -> list[Asked]:
    """Return what most messages since a moment are about, spam left out. Two queries, however many there are."""
    about = Submission.objects.filter(subject_kind__gt="", submit_time__gte=since)
    if kind:
        about = about.filter(subject_kind=kind)
    counted = (
        about.exclude(status=Submission.Status.SPAM)
        .order_by()
        .values("subject_kind", "subject_key")
        .annotate(number=Count("pk"), newest=Max("pk"))
        .order_by("-number", "-newest")[:MOST]
    )
    rows = list(counted)
    newest = Submission.objects.filter(pk__in=[row["newest"] for row in rows])
    names = dict(newest.values_list("pk", "subject_name"))
    return [
        Asked(f"{row['subject_kind']}:{row['subject_key']}", names[row["newest"]], row["number"])
        for row in rows
        if row["newest"] in names  # it may have been deleted between the queries
    ]


class AskedAboutView(ReportView):
    """`?kind=` narrows it to one kind of things; anything else means all."""

    template_name = "forms/admin/asked_about.html"
    page_title = gettext_lazy("What people ask about")  # type: ignore[assignment]  # Wagtail declares str
    header_icon = "help"
    periods = (30, 90, 365)  # days
    usual = 90

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kinds = subjects.kinds()
        kind = self.request.GET.get("kind", "")
        kind = kind if kind in kinds else ""
        rows = most_asked(since=timezone.now() - timedelta(days=self.period), kind=kind)
        user = self.request.user
        open_to = {name for name, one in kinds.items() if not one.permission or user.has_perm(one.permission)}
        return {
            **super().get_context_data(**kwargs),
            "kind": kind,
            "kinds": [("", _("All")), *((name, one.label) for name, one in kinds.items())],
            "rows": [
                (row, kinds[row.kind].label if row.kind in kinds else row.kind, row.kind in open_to)
                for row in rows
            ],
            "total": sum(row.number for row in rows),
            "is_cut": len(rows) == MOST,
            "most": MOST,
        }


@require_safe
@permission_required(READ_MESSAGES, raise_exception=True)
def open_subject(request: HttpRequest) -> HttpResponse:
    """Lead to the screen about what messages are about.

    Its app is asked only now, for this one: each answer may take a query.
    """
    name, _colon, key = request.GET.get("about", "").partition(":")
    kind = subjects.kinds().get(name)
    is_known = Submission.objects.filter(subject_kind=name, subject_key=key).exists()
    if kind and is_known and (url := kind.url(key)):
        return redirect(url)
    messages.warning(request, _("That is not here any more."))
    return redirect("asked_about")
