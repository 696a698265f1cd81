"""What the forms app adds to the admin: who may read what visitors wrote, and who may delete it."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser, Permission
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from wagtail import hooks
from wagtail.admin import messages
from wagtail.admin.menu import MenuItem
from wagtail.admin.site_summary import SummaryItem
from wagtail.models import Page

from forms import personal_data
from forms.models import READ_MESSAGES, FormPage, Submission
from forms.views import DeleteMessagesView, FormPagesView, message_proof
from home.admin_menu import MESSAGES_MENU
from home.models import User
from home.today import Tile
from policies.models.ledger import LedgeredModel

NEW_DAYS = 7

hooks.register("register_personal_data", personal_data.personal_data)


@hooks.register("filter_form_submissions_for_user")
def only_with_the_right(user: User, editable_forms: QuerySet) -> QuerySet:
    """Show submissions to staff with the right to view them, and to nobody else, whoever may edit the page."""
    return Page.objects.type(FormPage) if user.has_perm(READ_MESSAGES) else editable_forms.none()


@hooks.register("register_permissions")
def submissions_permissions() -> QuerySet:
    """Offer the permissions on the group's page in the admin."""
    codenames = ("view_submission", "delete_submission")
    return Permission.objects.filter(content_type__app_label="forms", codename__in=codenames)


@hooks.register("construct_homepage_summary_items")
def new_messages(request: HttpRequest, items: list[SummaryItem]) -> None:
    """Add a tile of the messages that may still wait for an answer."""
    since = timezone.now() - timedelta(days=NEW_DAYS)
    new = Submission.objects.filter(submit_time__gt=since, is_suspicious=False)
    words, url = _("Messages of the last %(days)s days") % {"days": NEW_DAYS}, reverse("wagtailforms:index")
    items.append(Tile(request, 30, words, url, new.count, READ_MESSAGES))


class ReceivedMenuItem(MenuItem):
    """Leads to what visitors wrote; it stands for Wagtail's entry."""

    def is_shown(self, request: HttpRequest) -> bool:
        return request.user.has_perm(READ_MESSAGES)


@hooks.register(MESSAGES_MENU)
def received_item() -> MenuItem:
    return ReceivedMenuItem(
        _("Received"), reverse("wagtailforms:index"), name="received", icon_name="form", order=1
    )


@hooks.register("construct_main_menu")
def leave_out_forms(_request: HttpRequest, items: list[MenuItem]) -> None:
    items[:] = [item for item in items if item.name != "forms"]


@hooks.register("register_admin_urls", order=-1)
def form_pages_urls() -> list[URLPattern]:
    """Take precedence over Wagtail's list of forms, which asks for the permission to edit pages."""
    return [
        path("forms/", FormPagesView.as_view()),
        path("forms/results/", FormPagesView.as_view(results_only=True)),
        path("forms/submissions/<int:page_id>/delete/", DeleteMessagesView.as_view()),
        path("forms/submissions/<int:page_id>/<int:pk>/proof/", message_proof, name="message_proof"),
    ]


@hooks.register("before_delete_page")
def keep_messages(request: HttpRequest, page: Page) -> HttpResponse | None:
    """Keep a page that has messages, itself or below, from users who may not delete messages."""
    if not _would_lose_messages(request.user, [page]):
        return None
    _explain(request)
    return redirect("wagtailadmin_explore", page.get_parent().pk)


@hooks.register("before_bulk_action")
def keep_messages_in_bulk(
    request: HttpRequest, action_type: str, objects: Iterable[Any], action: Any
) -> HttpResponse | None:
    """Do the same when several pages are deleted at once."""
    pages = [item for item in objects if isinstance(item, Page)]
    if action_type != "delete" or not _would_lose_messages(request.user, pages):
        return None
    _explain(request)
    return redirect(action.next_url)


def _would_lose_messages(user: User | AnonymousUser, pages: Iterable[Page]) -> bool:
    if user.has_perm("forms.delete_submission"):
        return False
    return any(Submission.objects.filter(page__path__startswith=page.path).exists() for page in pages)


def _explain(request: HttpRequest) -> None:
    messages.error(
        request,
        _(
            "A form that would be deleted holds messages, and you may not delete those."
            " Take the page off the site instead, or ask an administrator."
        ),
    )


@hooks.register("register_ledger_kinds")
def ledger_kinds() -> list[type[LedgeredModel]]:
    return [Submission]
