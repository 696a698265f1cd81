"""The staff screen of the mail queue: shows mails, and can send one again.

It never shows mails about accounts (home/mail_queue.py).
"""

from typing import Any, ClassVar

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from django_filters import ChoiceFilter
from post_office.models import STATUS, Email
from wagtail.admin import messages
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.site_summary import SummaryItem
from wagtail.admin.ui.tables import BaseColumn, Column, DateColumn
from wagtail.admin.views.generic import InspectView

from forms.inbox.links import without_links
from home import mail_attachments, mail_queue
from home.admin_menu import MESSAGES_MENU
from home.models import User
from home.today import Tile
from home.viewsets import GuardedIndexView, ReadOnlyViewSet
from policies.personal_data.access_log import RecordedListMixin, RecordedPageMixin

VIEW = "post_office.view_email"
STATUS_WORDS = {
    STATUS.sent: _("sent"),
    STATUS.failed: _("failed"),
    STATUS.queued: _("waiting"),
    STATUS.requeued: _("failed, will be tried again"),
}


def recipients(email: Email) -> str:
    """Return everybody the mail goes to."""
    return ", ".join([*email.to, *email.cc, *email.bcc])


def attempts(email: Email) -> int:
    """Return how often it was tried; the queue counts only attempts that another one follows."""
    return (email.number_of_retries or 0) + (email.status in {STATUS.sent, STATUS.failed})


def may_send_again(user: User | AnonymousUser) -> bool:
    """Return whether a user may put a mail back into the queue."""
    return user.has_perm("post_office.change_email")


class MailFilterSet(WagtailFilterSet):
    stuck = ChoiceFilter(
        label=_("Not sent"),
        choices=[("yes", _("Waiting for long, or given up"))],
        empty_label=_("Any"),
        method="only_stuck",
    )

    class Meta:
        model = Email
        fields: ClassVar[list[str]] = ["status"]

    def only_stuck(self, mails: QuerySet[Email], _name: str, _value: str) -> QuerySet[Email]:
        return mails.filter(pk__in=mail_queue.stuck().values("pk"))


def add_tile(request: HttpRequest, items: list[SummaryItem]) -> None:
    """Count on Today what did not leave: red, unless there is none."""
    url = f"{reverse('mails:index')}?stuck=yes"
    figure = mail_queue.stuck().count
    items.append(Tile(request, 35, gettext("E-mails not sent"), url, figure, VIEW, is_alarm=True))


class MailIndexView(RecordedListMixin, GuardedIndexView):
    """The mails that staff may be shown."""

    access_kind = "mail.queue"

    def get_base_queryset(self) -> QuerySet[Email]:
        """Leave out mails about accounts: whoever reads a link for a new password owns the account."""
        return mail_queue.readable()


class MailInspectView(RecordedPageMixin, InspectView):
    """One mail as it is sent, and the log of its attempts."""

    access_kind = "mail.queue"
    page_title = _("E-mail")

    def get_object(self, queryset: QuerySet[Email] | None = None) -> Email:
        """Return the mail, if the list shows it, without the links by which its recipient answers."""
        email = get_object_or_404(mail_queue.readable(), pk=self.pk)
        email.message, email.html_message = without_links(email.message), without_links(email.html_message)
        return email

    def get_page_subtitle(self) -> str:
        return self.object.subject

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the log, and the button for those who may use it."""
        again = reverse("mails:send_again", args=[self.object.pk])
        return {
            **super().get_context_data(**kwargs),
            "recipients": recipients(self.object),
            "reply_to": (self.object.headers or {}).get("Reply-To", ""),
            "files": list(mail_attachments.files(mail_attachments.names_in(self.object))),
            "status": STATUS_WORDS.get(self.object.status, ""),
            "logs": self.object.logs.order_by("-date"),
            "send_again_url": again if may_send_again(self.request.user) else "",
        }


@require_POST
def send_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a mail back into the queue."""
    if not may_send_again(request.user):
        raise PermissionDenied
    mail_queue.queue_again(email=get_object_or_404(mail_queue.readable(), pk=pk))
    messages.success(request, gettext("The e-mail is in the queue and will be sent within seconds."))
    return redirect("mails:inspect", pk)


class MailViewSet(ReadOnlyViewSet):
    """The mail queue, beside what visitors wrote."""

    model = Email
    name = "mails"
    icon = "mail"
    menu_label = _("E-mails sent")
    menu_hook = MESSAGES_MENU
    ordering = ("-created",)
    list_display: list[str | BaseColumn] = [
        "subject",
        Column("to", label=_("To"), accessor=recipients),
        Column("status", label=_("Status"), accessor=lambda email: STATUS_WORDS.get(email.status, "")),
        Column("attempts", label=_("Attempts"), accessor=attempts),
        DateColumn("created", label=_("Created"), sort_key="created"),
    ]
    search_fields: ClassVar[list[str]] = ["subject", "to", "message"]
    filterset_class = MailFilterSet
    index_view_class = MailIndexView
    inspect_view_class = MailInspectView
    inspect_template_name = "config/mail.html"

    def get_urlpatterns(self) -> list[URLPattern]:
        """Add the URL that sends a mail again."""
        return [*super().get_urlpatterns(), path("<int:pk>/send-again/", send_again, name="send_again")]
