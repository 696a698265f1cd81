"""The search of pages, images and documents: by relevance where few match, the newest first where many do.

To sort by relevance, SQLite goes through all matches again for each of them: a second for a thousand products called
"Product …", hours for a hundred thousand.
"""

from typing import Any

from django.db import connection
from django.db.models import F
from modelsearch.backends import database
from modelsearch.backends.base import BaseSearchBackend, BaseSearchResults, EmptySearchResults
from wagtail.search.models import IndexEntry

MOST_RANKED = 100
ANALYZED_EVERY = 6 * 3600


def SearchBackend(params: dict[str, Any]) -> BaseSearchBackend:  # noqa: N802 - the name that Wagtail looks for
    """Return Wagtail's backend of the database in use, which ranks no more than so many."""
    kind = type(database.SearchBackend(params))
    prefixes = type("Prefixes", (kind.query_compiler_class,), {"LAST_TERM_IS_PREFIX": True})
    return type(kind.__name__, (_FewRanked, kind), {"prefix_compiler_class": prefixes})(params)


class _FewRanked(BaseSearchBackend):
    prefix_compiler_class: Any

    def search_prefixes(self, query: Any, rows: Any) -> BaseSearchResults:
        """Search as `search` does, where the last word of each part may be the beginning of one, the newest first."""
        options = {"fields": None, "operator": None, "order_by_relevance": False}
        return self._search(self.prefix_compiler_class, query, rows.order_by(F("pk").desc()), **options)

    def _search(
        self, query_compiler_class: Any, query: Any, model_or_queryset: Any, **kwargs: Any
    ) -> BaseSearchResults:
        """Find few matches in the whole index first: filters make the relevance of one no cheaper."""
        if isinstance(query, str):
            query = query.replace('"', " ").strip()  # SQLite's index takes no quotation mark
        rows = getattr(model_or_queryset, "objects", model_or_queryset)
        unranked = {**kwargs, "order_by_relevance": False}
        if kwargs["order_by_relevance"]:
            # By key: any other order SQLite would have to make of all matches.
            newest = rows.model.objects.order_by(F("pk").desc())
            found = super()._search(query_compiler_class, query, newest, **unranked)
            few = keys_of(found, most=MOST_RANKED + 1)
            if len(few) > MOST_RANKED:
                kwargs, rows = unranked, rows.order_by(F("pk").desc())
            else:
                rows = rows.filter(pk__in=few)  # or SQLite may look through all rows for those
        return super()._search(query_compiler_class, query, rows.all(), **kwargs)


def keys_of(found: BaseSearchResults, *, most: int) -> list[int]:
    """Return the keys of so many matches at most."""
    if isinstance(found, EmptySearchResults):  # there was no word to look for
        return []
    return [*found[:most].get_queryset().values_list("pk", flat=True)]


def analyze() -> None:
    """Let SQLite know how much the index holds, or it looks for the words again in each entry: it does not finish."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {connection.ops.quote_name(IndexEntry._meta.db_table)}")
