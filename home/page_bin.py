"""What happens to a page that is deleted in the admin: it goes off the site and lies in the bin for 30 days.

A page that keeps a record of its own (`goes_to_bin`), or has one below it, is deleted as before.
"""

import logging
from collections.abc import Iterable
from itertools import chain, count
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import ProtectedError, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import ListView
from wagtail import hooks
from wagtail.actions.delete_page import DeletePageAction
from wagtail.actions.move_page import MovePageAction
from wagtail.actions.unpublish_page import UnpublishPageAction
from wagtail.admin import messages
from wagtail.admin.auth import require_admin_access, user_has_any_page_permission
from wagtail.admin.utils import get_valid_next_url_from_request
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.admin.views.pages import search
from wagtail.models import Page, Revision, Site
from wagtail.query import PageQuerySet

from home.models.bin import KEPT, SLUG, BinnedPage, bin_page, outside


def is_for_bin(page: Page) -> bool:
    """Return whether nothing in the tree of a page keeps a record of its own."""
    kinds = page.get_descendants(inclusive=True).order_by().values_list("content_type", flat=True).distinct()
    models = (ContentType.objects.get_for_id(kind).model_class() for kind in kinds)
    return all(getattr(model, "goes_to_bin", True) for model in models)


@transaction.atomic
def put(page: Page, *, user: Any) -> None:
    """Take a page with all below it off the site and into the bin, which frees its URL."""
    tree, parent = page.get_descendants(inclusive=True), page.get_parent()
    keys = [str(pk) for pk in tree.values_list("pk", flat=True)]
    for one in tree.live().specific():
        UnpublishPageAction(one, user=user).execute(skip_permission_checks=True)
    waiting = Revision.page_revisions.filter(object_id__in=keys, approved_go_live_at__isnull=False)
    waiting.update(approved_go_live_at=None)
    top = bin_page()
    if top is None:
        top = Page.get_first_root_node().add_child(instance=Page(title=_("Bin"), slug=SLUG, live=False))
    _move(page, top, user)
    values = {"parent": parent, "put_at": timezone.now(), "put_by": user}
    BinnedPage.objects.update_or_create(page_id=page.pk, defaults=values)


@transaction.atomic
def put_back(entry: BinnedPage, *, user: Any) -> Page:
    """Put a page back as a draft where it was, or below the home page if that is gone; return its parent."""
    home = Site.objects.get(is_default_site=True).root_page
    parent = entry.parent
    if parent is None or not parent.is_descendant_of(home):
        parent = home
    _move(entry.page, parent, user)
    entry.delete()
    return parent


def is_replaced(page: Page) -> bool:
    """Return whether there are as many others of its kind on the site as there can be."""
    kind = page.specific_class
    return kind.max_count is not None and outside(kind.objects.all()).count() >= kind.max_count


def _move(page: Page, parent: Page, user: Any) -> None:
    """Move a page as it stands in the tree now, whatever types of pages may stand there; a taken slug gets a number."""
    fresh: Any = Page.objects.get(pk=page.pk)
    taken = {*parent.get_children().values_list("slug", flat=True)}
    slugs = chain([fresh.slug], (f"{fresh.slug}-{number}" for number in count(2)))
    slug = next(one for one in slugs if one not in taken)
    if slug != fresh.slug:
        draft = fresh.get_latest_revision_as_object()
        draft.slug = fresh.slug = slug
        draft.save_revision(user=user, clean=False)
        fresh.save(clean=False, update_fields=["slug"])
    MovePageAction(fresh, parent, pos="last-child", user=user).execute(skip_permission_checks=True)


def delete(entry: BinnedPage, *, user: Any) -> bool:
    """Delete a page for good; return whether it could be: something else may still need it."""
    try:
        with transaction.atomic():
            DeletePageAction(entry.page.specific, user=user).execute(skip_permission_checks=True)
    except ProtectedError:
        logging.getLogger(__name__).warning("Page %d in the bin is still needed.", entry.page_id)
        return False
    return True


def delete_due() -> None:
    """Delete for good what was kept for long enough."""
    for pk in [*BinnedPage.objects.due().values_list("pk", flat=True)]:
        with transaction.atomic():
            if entry := BinnedPage.objects.due().filter(pk=pk).select_for_update(of=("self",)).first():
                delete(entry, user=None)


# --- Wagtail's hooks ---------------------------------------------------------------------------------------
def leave_alone(request: HttpRequest, *pages: Page) -> HttpResponse | None:
    """Let nobody edit, publish or delete the bin or what lies in it: that would be on sale, or lost by two clicks."""
    top = bin_page()
    if top is None or not any(page.path.startswith(top.path) for page in pages):
        return None
    messages.warning(request, _("What lies in the bin cannot be changed. Put it back first."))
    return redirect("bin")


def instead_of_deleting(request: HttpRequest, page: Page) -> HttpResponse | None:
    """Put a page into the bin that somebody deletes."""
    if not is_for_bin(page):
        return None
    if request.method != "POST":
        messages.info(
            request, _("Then it is in the bin for %(days)d days (More → Bin).") % {"days": KEPT.days}
        )
        return None
    url = reverse("wagtailadmin_explore", args=[page.get_parent().pk])
    put(page, user=request.user)
    _tell(request, [page])
    for after in hooks.get_hooks("after_delete_page"):
        after(request, page)
    return redirect(get_valid_next_url_from_request(request) or url)


def instead_of_deleting_in_bulk(
    request: HttpRequest, action_type: str, objects: Iterable[Any], action: Any
) -> HttpResponse | None:
    """Do the same with several; all are deleted as before if one of them keeps a record."""
    pages = list(objects) if action.model is Page and action_type != "move" else []
    if refused := leave_alone(request, *pages):
        return refused
    if not pages or action_type != "delete" or not all(map(is_for_bin, pages)):
        return None
    for page in pages:
        if not any(page.is_descendant_of(other) for other in pages):
            put(page, user=request.user)
    _tell(request, pages)
    for after in hooks.get_hooks("after_bulk_action"):
        after(request, action_type, pages, action)
    return redirect(action.next_url)


def _tell(request: HttpRequest, pages: list[Page]) -> None:
    names = ", ".join(page.get_admin_display_title() for page in pages[:5])
    words = _("Off the site and in the bin for %(days)d days: %(names)s") % {
        "days": KEPT.days,
        "names": names,
    }
    messages.success(request, words, buttons=[messages.button(reverse("bin"), _("Open the bin"))])


@method_decorator(require_admin_access, name="dispatch")
class PageSearchView(search.SearchView):
    """Wagtail's search of pages, which finds nothing in the bin."""

    def annotate_queryset(self, pages: PageQuerySet) -> PageQuerySet:
        return super().annotate_queryset(outside(pages))


# --- The screen --------------------------------------------------------------------------------------------
def entries_of(user: Any) -> QuerySet[BinnedPage]:
    """Return what somebody may put back or delete: what they put there; for owners all of it."""
    found = BinnedPage.objects.there().select_related("page", "parent", "put_by")
    return found if user.is_superuser else found.filter(put_by=user)


class BinView(WagtailAdminTemplateMixin, ListView):
    """The pages in the bin; by POST, one of them is put back or deleted for good."""

    template_name = "home/admin/bin.html"
    page_title = gettext_lazy("Bin")  # type: ignore[assignment]  # Wagtail declares str, takes lazy text
    header_icon = "bin"
    paginate_by = 50

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if not user_has_any_page_permission(request.user):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [*super().get_breadcrumbs_items(), {"url": "", "label": self.page_title}]

    def get_queryset(self) -> QuerySet[BinnedPage]:
        return entries_of(self.request.user)

    @method_decorator(transaction.atomic)
    def post(self, request: HttpRequest) -> HttpResponse:
        # Locked: else a second press puts it back or deletes it where it was.
        entries = self.get_queryset().select_for_update(of=("self",))
        entry = next((one for one in entries if str(one.pk) == request.POST.get("entry")), None)
        if entry is None:
            messages.warning(request, _("The page is no longer in the bin."))
        elif request.POST.get("do") == "delete":
            if delete(entry, user=request.user):
                messages.success(
                    request, _("“%(title)s” was deleted for good.") % {"title": entry.page.title}
                )
            else:
                messages.error(request, _("Something else still needs this page."))
        elif is_replaced(entry.page):
            messages.error(
                request, _("There can be one page of this kind, and there is another. Delete that first.")
            )
        else:
            parent = put_back(entry, user=request.user)
            words = _("“%(title)s” is back as a draft, below “%(parent)s”. Publish it to show it again.")
            edit = messages.button(reverse("wagtailadmin_pages:edit", args=[entry.page_id]), _("Edit"))
            names = {"title": entry.page.title, "parent": parent.title}
            messages.success(request, words % names, buttons=[edit])
        return redirect("bin")


# --- Past the hooks ----------------------------------------------------------------------------------------
def no_action(_request: HttpRequest, **_named: object) -> HttpResponse:
    """Do nothing in place of the actions of Wagtail's API, which nothing in its admin uses.

    They delete, publish and revert without asking the hooks by which apps keep what must stay.
    """
    raise Http404
