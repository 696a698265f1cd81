"""The search of the site: words that were typed, the kinds of results that apps contribute, and words misspelt.

Each word may be the beginning of one. Where nothing has them all, those that begin no word of a title are taken for the
most similar one that does, and then any of the words is enough. So it is the same on every database.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from difflib import get_close_matches
from operator import attrgetter
from typing import NamedTuple, TypeVar

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import ngettext_lazy
from modelsearch.backends import get_search_backend
from modelsearch.query import And, Or, PlainText
from wagtail.models import Page, get_page_models

from home.hooks import collect
from home.missing_app_pages import installed
from home.snapshot import shared
from home.throttling import Limit, client_ip, minutes_to_wait, too_many_requests

Found = TypeVar("Found")

MOST_CHARACTERS = 100
MOST_WORDS = 8
MOST_CORRECTED = 3  # words of a search: each is compared with many
SHORTEST = 3  # letters of a word that is enough by itself
MOST_FOUND = 1000
MOST_TITLES = 20_000  # whose words are known, the newest
PAGES_SHOWN = 20
# No database takes any of it for its syntax.
_WORD = re.compile(r"[^\W_]+")
SEARCHES = Limit("searches", most=60, window=timedelta(minutes=1))
TOO_MANY = ngettext_lazy(
    "There were too many searches from your network. Try again in %(minutes)s minute.",
    "There were too many searches from your network. Try again in %(minutes)s minutes.",
    "minutes",
)


@dataclass(frozen=True)
class SearchQuery:
    """What somebody looks for: as it was typed, and its words; whether they all must be found."""

    text: str
    words: tuple[str, ...]
    all_words: bool = True

    @classmethod
    def typed(cls, text: str) -> "SearchQuery":
        """Return what was typed without what is too long to be looked for."""
        text = text.strip()[:MOST_CHARACTERS].strip()
        return cls(text, tuple(_WORD.findall(unicodedata.normalize("NFKC", text))[:MOST_WORDS]))

    def alternatives(self) -> Iterator["SearchQuery"]:
        """Yield it, then what may be meant."""
        yield self
        known = _known_words()
        begun = {word: _begun(word, known) for word in self.words}
        for word in [word for word, spelt in begun.items() if not spelt][:MOST_CORRECTED]:
            begun[word] = _most_similar(word, known)
        words = tuple(begun[word] or word for word in self.words)
        if words != self.words:
            yield SearchQuery(" ".join(words), words)
        if len(words) > 1 and (telling := tuple(word for word in words if len(word) >= SHORTEST)):
            yield SearchQuery(" ".join(telling), telling, all_words=False)


class Results(NamedTuple):
    """What is found of a kind: markup, and how many it is."""

    markup: str
    number: int


@dataclass(frozen=True)
class Section:
    """A kind of results: what finds them, or None, and the markup of what is suggested where nothing is found."""

    key: str
    order: int
    find: Callable[[SearchQuery], Results | None]
    suggest: Callable[[], str] = field(default=str)


def sections() -> list[Section]:
    """Return what apps contribute (`register_search_sections`), the first to be shown first."""
    return sorted(collect("register_search_sections", key=attrgetter("key")), key=attrgetter("order"))


def suggestions() -> list[str]:
    """Return what a page can show that has nothing to show."""
    return [*filter(None, (section.suggest() for section in sections()))]


def refused(request: HttpRequest, asked: SearchQuery) -> HttpResponse | None:
    """Count one more search of the client; over the limit, return what it is told."""
    if not (wait := SEARCHES.take(client_ip(request))):
        return None
    problem = TOO_MANY % {"minutes": minutes_to_wait(wait)}
    response = render(request, "home/search.html", {"asked": asked, "problem": problem, "is_unlisted": True})
    response.headers["Cache-Control"] = "no-store"
    return too_many_requests(response, wait)


def best(asked: SearchQuery, look_up: Callable[[SearchQuery], list[Found]]) -> tuple[list[Found], bool]:
    """Return what is found, and whether it only comes close."""
    for instead in asked.alternatives() if asked.words else ():
        if found := look_up(instead):
            return found, instead is not asked
    return [], False


def find(asked: SearchQuery, *kinds: type[Page]) -> list[int]:
    """Return the keys of the pages of these types that have the words and that anybody can see.

    Those whose titles have all words come first, then the newest. All types are searched, since SQLite, asked for one,
    looks each of its pages up in the index: seconds for ten thousand.
    """
    combined = And if asked.all_words else Or
    query = combined([PlainText(word) for word in asked.words])
    pages = Page.objects.live().public().type(*kinds)
    found = get_search_backend().search_prefixes(query, pages).get_queryset()
    rows = found.values_list("pk", "title")[:MOST_FOUND]
    return [key for key, _title in sorted(rows, key=lambda row: not _has_all(row[1], asked.words))]


def _has_all(title: str, words: tuple[str, ...]) -> bool:
    own = [_plain(word) for word in _WORD.findall(title)]
    return all(any(one.startswith(_plain(word)) for one in own) for word in words)


def find_pages(asked: SearchQuery) -> Results | None:
    """Return the pages that have no section of their own."""
    keys = find(asked, *(kind for kind in get_page_models() if getattr(kind, "is_found_as_page", False)))
    found = Page.objects.in_bulk(keys[:PAGES_SHOWN])
    pages = [found[key] for key in keys if key in found]
    return Results(render_to_string("home/found_pages.html", {"pages": pages}), len(pages)) if pages else None


# --- Words misspelt ------------------------------------------------------------------------------------------
@shared
def _known_words() -> dict[str, str]:
    """Return the words of the titles that anybody can see, by their plain form."""
    pages = installed(Page.objects.live().public().filter(depth__gt=1)).order_by("-pk")
    titles = pages.values_list("title", flat=True)[:MOST_TITLES]
    return {_plain(word): word for title in titles for word in _WORD.findall(title)}


def _plain(word: str) -> str:
    """Return a word without accents and capitals."""
    letters = unicodedata.normalize("NFKD", word.casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def _begun(word: str, known: dict[str, str]) -> str:
    """Return the word as titles spell it, whole or begun; empty where none does."""
    plain = _plain(word)
    begun = known.get(plain) or next((known[one] for one in known if one.startswith(plain)), "")
    return begun[: len(word)]


def _most_similar(word: str, known: dict[str, str]) -> str:
    """Return the most similar word of nearly its length and beginning; empty where none is similar."""
    plain = _plain(word)
    near = [one for one in known if abs(len(one) - len(plain)) <= 2]  # noqa: PLR2004 - letters more or less
    near = [one for one in near if one[:1] in plain[:2] or plain[:1] in one[:2]]
    return next((known[one] for one in get_close_matches(plain, near, n=1, cutoff=0.7)), "")
