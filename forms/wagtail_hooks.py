"""What the forms app adds to the admin: who may read what visitors wrote, and who may delete it."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote

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
from wagtail.admin.viewsets.base import ViewSet
from wagtail.models import Page

from forms import personal_data, starting
from forms.inbox import spam_digest
from forms.inbox.asked_about import AskedAboutView, open_subject
from forms.inbox.ratings import RatingsView
from forms.inbox.reports import ReportMenuItem
from forms.inbox.views import moved
from forms.inbox.viewsets import InboxViewSet, SavedReplyViewSet
from forms.models import READ_MESSAGES, FormField, FormPage, Submission
from home.admin_menu import MESSAGES_MENU
from home.jobs import Job
from home.models import User
from home.today import Step, Tile
from policies.models.ledger import LedgeredModel

hooks.register("register_personal_data", personal_data.personal_data)


@hooks.register("filter_form_submissions_for_user")
def only_with_the_right(user: User, editable_forms: QuerySet) -> QuerySet:
    """Show submissions to staff with the right to view them, and to nobody else, whoever may edit the page."""
    return Page.objects.type(FormPage) if user.has_perm(READ_MESSAGES) else editable_forms.none()


@hooks.register("register_permissions")
def submissions_permissions() -> QuerySet:
    """Offer the permissions on the group's page in the admin."""
    codenames = ("view_submission", "answer_submission", "delete_submission")
    return Permission.objects.filter(content_type__app_label="forms", codename__in=codenames)


@hooks.register("construct_homepage_summary_items")
def new_messages(request: HttpRequest, items: list[SummaryItem]) -> None:
    """Add a tile of the messages that wait for an answer."""
    url = reverse("inbox:index")
    items.append(
        Tile(request, 30, _("Messages to answer"), url, Submission.objects.open().count, READ_MESSAGES)
    )


@hooks.register("register_admin_viewset")
def viewsets() -> list[ViewSet]:
    return [InboxViewSet(), SavedReplyViewSet()]


@hooks.register("construct_main_menu")
def leave_out_forms(_request: HttpRequest, items: list[MenuItem]) -> None:
    items[:] = [item for item in items if item.name != "forms"]


@hooks.register("register_admin_urls", order=-1)
def earlier_urls() -> list[URLPattern]:
    """Take precedence over Wagtail's lists of forms and of what was sent with one: the inbox stands for them."""
    one = "forms/submissions/<int:page_id>/"
    paths = ("forms/", "forms/results/", one, f"{one}results/", f"{one}delete/")
    return [path(each, moved) for each in paths]


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


@hooks.register("register_upload_paths")
def upload_paths() -> list[str]:
    """Name the forms that ask for files."""
    asking = FormField.objects.filter(field_type="file").values("page")
    pages = FormPage.objects.live().filter(pk__in=asking)
    return [unquote(parts[2]) for page in pages if (parts := page.get_url_parts())]


@hooks.register("register_worker_jobs")
def worker_jobs() -> list[Job]:
    return [
        Job(
            "digest of suspected messages",
            spam_digest.LOOKED_EVERY,
            lambda: spam_digest.send(now=timezone.now()),
        )
    ]


@hooks.register("register_ledger_kinds")
def ledger_kinds() -> list[type[LedgeredModel]]:
    return [Submission]


# --- The first day -----------------------------------------------------------------------------------------
@hooks.register("register_first_steps")
def first_steps() -> list[Step]:
    words = _("Let visitors write to you: make the pages Contact and Feedback")
    return [Step("forms", 15, words, reverse("start_forms"), FormPage.objects.exists)]


# --- Reports ---------------------------------------------------------------------------------------------
@hooks.register("register_admin_urls")
def report_urls() -> list[URLPattern]:
    return [
        path("messages/start/", starting.StartView.as_view(), name="start_forms"),
        path("messages/ratings/", RatingsView.as_view(), name="ratings"),
        path("messages/asked-about/", AskedAboutView.as_view(), name="asked_about"),
        path("messages/asked-about/open/", open_subject, name="open_subject"),
    ]


@hooks.register(MESSAGES_MENU)
def ratings_item() -> MenuItem:
    return ReportMenuItem(_("Ratings"), reverse("ratings"), name="ratings", icon_name="pick", order=20)


@hooks.register(MESSAGES_MENU)
def asked_about_item() -> MenuItem:
    return ReportMenuItem(
        _("Asked about"), reverse("asked_about"), name="asked-about", icon_name="help", order=21
    )
