"""Pages whose app is not installed any more: kept in the database, and shown nowhere until the app is back.

They have no model, so that whatever asks for their specific page fails. Each list of pages asks `installed`.
"""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls.converters import IntConverter
from wagtail.models import Page
from wagtail.query import PageQuerySet


def installed(pages: PageQuerySet) -> PageQuerySet:
    """Leave out pages whose app is not installed."""
    return pages.type(Page)


# --- Wagtail's hooks ---------------------------------------------------------------------------------------
def leave_out_of_explorer(_parent: Page, pages: PageQuerySet, _request: HttpRequest) -> PageQuerySet:
    return installed(pages)


def leave_out_of_chooser(pages: PageQuerySet, _request: HttpRequest) -> PageQuerySet:
    return installed(pages)


def refuse_to_serve(page: Page, _request: HttpRequest, _args: Any, _kwargs: Any) -> None:
    if page.specific_class is None:
        raise Http404


# --- URLs --------------------------------------------------------------------------------------------------
class MissingAppPageConverter(IntConverter):
    """Matches the number of a page whose app is not installed any more."""

    def to_python(self, value: str) -> int:
        number = super().to_python(value)
        if not Page.objects.filter(pk=number).not_type(Page).exists():
            raise ValueError
        return number


def answer_not_found(_request: HttpRequest, **_kwargs: object) -> HttpResponse:
    """Answer 404: what Wagtail's admin does with pages needs their models."""
    raise Http404
