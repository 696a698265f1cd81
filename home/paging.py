"""Pages of public lists, each with one URL."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponsePermanentRedirect
from django.utils.http import urlencode
from django.utils.translation import gettext as _

_NUMBER = re.compile(r"0*([1-9][0-9]{0,5})", re.ASCII)


@dataclass(frozen=True)
class ListPage:
    """One page of a list that is not counted."""

    number: int
    items: list[Any]
    has_next: bool
    query: str = ""  # what else its URL says, up to the page number

    @property
    def has_previous(self) -> bool:
        return self.number > 1

    @property
    def has_other_pages(self) -> bool:
        return self.has_next or self.has_previous

    @property
    def previous_page_number(self) -> int:
        return self.number - 1

    @property
    def next_page_number(self) -> int:
        return self.number + 1


def wanted_page(request: HttpRequest) -> int:
    """Return the page of a list that `?page=` asks for. Raises Http404 for what is no number."""
    typed = request.GET.getlist("page") or ["1"]
    found = _NUMBER.fullmatch(typed[0])
    if found is None or len(typed) > 1:
        raise Http404(_("There is no such page."))
    return int(found[1])


def redirect_to_the_one_url(
    request: HttpRequest, values: Mapping[str, str] | None = None
) -> HttpResponsePermanentRedirect | None:
    """Lead from a page number that is written otherwise, and from that of the first page, to the page's one URL.

    `values` are the other parameters that the list reads, as they should be written: empty where they should not be.
    """
    number = wanted_page(request)
    values = {**(values or {}), "page": str(number) if number > 1 else ""}
    if all(request.GET.getlist(name) == ([value] if value else []) for name, value in values.items()):
        return None
    query = urlencode({name: value for name, value in values.items() if value})
    return HttpResponsePermanentRedirect(f"{request.path}?{query}" if query else request.path)


def url_of_page(request: HttpRequest, number: int) -> str:
    return f"{request.path}?page={number}" if number > 1 else request.path


def page_of(rows: QuerySet[Any] | list[Any], *, number: int, size: int, query: str = "") -> ListPage:
    """Return a page of rows. Raises Http404 beyond the last one."""
    start = (number - 1) * size
    found = list(rows[start : start + size + 1])
    if not found and number > 1:
        raise Http404(_("There is no such page."))
    return ListPage(number, found[:size], len(found) > size, query)
