"""The search of pages, images and documents: by relevance where few match, the newest first where many do.

To sort by relevance, SQLite goes through all matches again for each of them: a second for a thousand products called
"Product …", hours for a hundred thousand.
"""

from typing import Any

from django.db.models import F, QuerySet
from modelsearch.backends import database
from modelsearch.backends.base import BaseSearchBackend

MOST_RANKED = 100


def SearchBackend(params: dict[str, Any]) -> BaseSearchBackend:  # noqa: N802 - the name that Wagtail looks for
    """Return Wagtail's backend of the database in use, which ranks no more than so many."""
    kind = type(database.SearchBackend(params))
    return type(kind.__name__, (_FewRanked, kind), {})(params)


class _FewRanked(BaseSearchBackend):
    def _search(self, compiler: Any, query: Any, rows: Any, **options: Any) -> Any:
        if isinstance(query, str):
            query = query.replace('"', " ").strip()  # SQLite's index takes no quotation mark
        if options["order_by_relevance"] and self._finds_many(compiler, query, rows, **options):
            options["order_by_relevance"] = False
            rows = (rows if isinstance(rows, QuerySet) else rows.objects.all()).order_by(F("pk").desc())
        return super()._search(compiler, query, rows, **options)

    def _finds_many(self, compiler: Any, query: Any, rows: Any, **options: Any) -> bool:
        """Look through the whole index: filters do not make the relevance of one match cheaper."""
        model = rows.model if isinstance(rows, QuerySet) else rows
        found = super()._search(compiler, query, model, **{**options, "order_by_relevance": False})
        return found[: MOST_RANKED + 1].count() > MOST_RANKED
