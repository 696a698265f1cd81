"""What the page that is being rendered was made of: the tokens of its data, the query's parameters, and the time.

They are noted where they are read, so that no view needs to declare them and none can forget to.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.http import HttpRequest, QueryDict

ALL = "*"  # stands for the whole query; a parameter of this name counts as that


@dataclass
class Reads:
    """Names, as far as the rendering has come."""

    tokens: set[str] = field(default_factory=lambda: {"site"})
    parameters: set[str] = field(default_factory=set)
    until: datetime | None = None  # when something that it shows changes by itself


_running: ContextVar[Reads | None] = ContextVar("page_cache_reads", default=None)


def depends_on(token: str) -> None:
    """Note that the page that is being rendered, if any, shows what the token stands for."""
    if reads := _running.get():
        reads.tokens.add(token)


def changes_at(moment: datetime | None) -> None:
    """Note that the page that is being rendered, if any, shows something else from a moment on."""
    if moment and (reads := _running.get()):
        reads.until = min(moment, reads.until or moment)


@contextmanager
def recorded(request: HttpRequest) -> Iterator[Reads]:
    """Note what is read while this lasts."""
    reads = Reads()
    query = RecordedQuery(request.META.get("QUERY_STRING", "").encode("latin-1"), encoding=request.encoding)
    query.names = reads.parameters  # type: ignore[attr-defined]
    request.GET = query
    before = _running.set(reads)
    try:
        yield reads
    finally:
        _running.reset(before)


class RecordedQuery(QueryDict):
    """A query that notes the names that are asked for, and ALL where every name is.

    One thing it does not see: json.dumps looks at the size of an empty dict without asking it. Give it a copy.
    """

    names: set[str] | None = None

    def _note(self, name: str) -> None:
        if self.names is not None:
            self.names.add(name)

    def __getitem__(self, key: str) -> Any:
        self._note(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self._note(str(key))
        return super().__contains__(key)

    def _getlist(self, key: str, *args: Any, **kwargs: Any) -> Any:
        self._note(key)
        return super()._getlist(key, *args, **kwargs)  # type: ignore[misc]


def _of_all(name: str) -> Callable[..., Any]:
    original = getattr(QueryDict, name)

    def method(self: RecordedQuery, *args: Any, **kwargs: Any) -> Any:
        self._note(ALL)
        return original(self, *args, **kwargs)

    return method


for _name in (
    *("__iter__", "__reversed__", "__len__", "__eq__", "__ne__", "__or__", "__ror__", "__repr__"),
    *("__copy__", "__deepcopy__", "__reduce_ex__"),
    *("keys", "values", "items", "lists", "dict", "copy", "urlencode"),
):
    setattr(RecordedQuery, _name, _of_all(_name))
