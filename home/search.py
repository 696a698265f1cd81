"""The search of pages, images and documents: by relevance where few match, the newest first where many do.

To sort by relevance, SQLite goes through all matches again for each of them: a second for a thousand products called
"Product …", hours for a hundred thousand.
"""

from typing import Any

from django.db.models import F
from modelsearch.backends import database
from modelsearch.backends.base import BaseSearchBackend, BaseSearchResults

MOST_RANKED = 100


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
        """Count the matches in the whole index: filters make the relevance of one no cheaper."""
        if isinstance(query, str):
            query = query.replace('"', " ").strip()  # SQLite's index takes no quotation mark
        rows = getattr(model_or_queryset, "objects", model_or_queryset)
        unranked = {**kwargs, "order_by_relevance": False}
        if kwargs["order_by_relevance"]:
            found = super()._search(query_compiler_class, query, rows.model, **unranked)
            if found[: MOST_RANKED + 1].count() > MOST_RANKED:
                kwargs, rows = unranked, rows.order_by(F("pk").desc())
        return super()._search(query_compiler_class, query, rows.all(), **kwargs)
