"""Long lists of the admin: none is counted to its end, and none shows at once more than can be put into order."""

from typing import Any

from django.core.paginator import Page as Paging
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from wagtail.admin.paginator import WagtailPaginator
from wagtail.models import Page
from wagtail.query import PageQuerySet

MOST_COUNTED = 10_000  # nobody pages further; filters and searches lead there
MOST_TO_MOVE = 100  # pages below a page


class CappedPaginator(WagtailPaginator):
    """Counts no further than anybody pages."""

    @cached_property
    def count(self) -> int:
        rows = self.object_list
        if hasattr(rows, "get_queryset"):  # what a search found
            rows = rows.get_queryset()
        if isinstance(rows, QuerySet) and not rows.query.is_sliced:
            return rows.order_by().values("pk")[:MOST_COUNTED].count()  # not what each row is annotated with
        return super().count

    @cached_property
    def items_count_label(self) -> str:
        """Say that there may be more."""
        if self.count < MOST_COUNTED:
            return super().items_count_label
        return _("%(count)s %(names)s or more") % {"count": self.count, "names": self.verbose_name_plural}


class ChooserPaginator(CappedPaginator):
    """Reads the parents of the pages that are shown together; Wagtail's chooser asks for the parent of each."""

    def _get_page(self, *args: Any, **kwargs: Any) -> Paging:
        shown: Paging = super()._get_page(*args, **kwargs)  # type: ignore[misc]  # meant to be extended, says Django
        Page.objects.annotate_parent_page(shown.object_list)
        for page in shown:
            page._cached_parent_obj = page._parent_page
        return shown


# --- Wagtail's hooks ---------------------------------------------------------------------------------------
def cap_what_can_be_moved(_parent: Page, pages: PageQuerySet, request: HttpRequest) -> PageQuerySet:
    """Show no more than can be put into another order, where Wagtail would show all at once for that."""
    is_moving = request.GET.get("ordering") == "ord" and not request.GET.get("q")
    return pages[:MOST_TO_MOVE] if is_moving else pages


def read_states_together(pages: PageQuerySet, _request: HttpRequest) -> PageQuerySet:
    """Read the workflow and the schedule of all pages with them, as Wagtail does in its other lists."""
    return pages.specific().prefetch_workflow_states().annotate_approved_schedule()
