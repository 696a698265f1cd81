"""Which pages of a site an audit opens in a browser: one of each kind, however many pages there are.

Two pages are of one kind when they are built alike and name the same scripts, styles, frames, foreign pictures, forms
and data attributes, by which alone a page makes a browser keep something or ask for it. So pages are read first,
cheaply and without a browser: those of the site map, the paths that apps registered, and what they link to; bounded,
and what is left out is counted. That needs no database, so the site may be any that runs this code. Nothing here
fetches or holds against rules.
"""

import re
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urljoin, urlsplit

from django.conf import settings
from lxml import etree, html

from policies.cookie_audit import rules

MOST_READ = 250  # pages that are read to find out their kind
MOST_ALIKE = 25  # of those, at most this many whose paths look alike: products, versions, comparisons
NO_ANSWER = 0  # the status of a page that could not be fetched
# Answers "not found" on any site; error pages are pages too.
MISSING = "/no-such-page-here/"

_FILE = re.compile(r"\.[a-z0-9]{1,12}$", re.IGNORECASE)
_VERSION = re.compile(r"/versions/(\d{1,9})/$", re.ASCII)
_NUMBER = re.compile(r"\A[\d-]*\d[\d-]*\Z", re.ASCII)
# By these a page shows how it is built; notices and paragraphs come and go with the content.
_BLOCKS = "//main/* | //main/*/*[self::div or self::ol or self::ul or self::form or self::article]"
_SILENT_LINKS = {"canonical", "alternate", "prev", "next", "author", "license"}


@dataclass(frozen=True)
class Answer:
    """A page as it was fetched: the URL where it was in the end, its status, markup, content security policy."""

    url: str
    status: int
    markup: str
    csp: str = ""

    @property
    def path(self) -> str:
        return urlsplit(self.url).path


@dataclass(frozen=True)
class Choice:
    """The pages to open, and how many more were known."""

    paths: tuple[str, ...]
    read: int
    unread: int  # URLs nobody looked at
    left_out: int  # kinds beyond the number asked for
    broken: tuple[str, ...]  # paths that should answer and do not
    waiting: dict[str, frozenset[str]]  # foreign origin → the categories that pages say it waits for


Fetch = Callable[[str], Answer | None]


def choose(fetch: Fetch, seeds: Iterable[str], *, most: int) -> Choice:
    """Read pages, breadth first, and choose the first one of each kind."""
    queue = deque(dict.fromkeys(seeds))
    known = set(queue)
    alike: Counter[tuple[str, int]] = Counter()
    kinds: dict[frozenset[str], str] = {}
    broken: list[str] = []
    waiting: dict[str, frozenset[str]] = {}
    read = unread = 0
    while queue:
        path = queue.popleft()
        shape = _shape(path)
        if read >= MOST_READ or alike[shape] >= MOST_ALIKE:
            unread += 1
            continue
        alike[shape] += 1
        read += 1
        answer = fetch(path)
        if answer is None:
            continue
        if answer.status == NO_ANSWER or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            broken.append(path)
        if not HTTPStatus.OK <= answer.status < HTTPStatus.BAD_REQUEST:
            continue
        kinds.setdefault(kind_of(answer), answer.path)
        waiting = rules.merged(waiting, waiting_in(answer))
        fresh = [link for link in links(answer) if link not in known]
        known.update(fresh)
        queue.extend(fresh)
    paths = tuple(dict.fromkeys(kinds.values()))
    left_out = max(0, len(paths) - most)
    return Choice(paths[:most], read, unread, left_out, tuple(broken), waiting)


def _shape(path: str) -> tuple[str, int]:
    """Return what paths that look alike share: the first part, and how deep they are."""
    parts = path.strip("/").split("/")
    return parts[0], len(parts)


def kind_of(answer: Answer) -> frozenset[str]:
    """Return everything in a page by which it could make a browser keep or fetch something, and how it is built."""
    return frozenset([*_traits(_parse(answer.markup)), f"path {_numbered(answer.path)}"])


def _numbered(path: str) -> str:
    """Return what a path counts or dates, below its first part: `versions #` of `/terms/versions/12/`."""
    parts = path.strip("/").split("/")[1:]
    named = [_NUMBER.sub("#", part) for part in parts]
    return " ".join(named) if named != parts else ""


def _traits(tree: html.HtmlElement) -> Iterator[str]:
    for block in tree.xpath(_BLOCKS):
        yield from (f".{name}" for name in block.get("class", "").split() if "--" not in name)  # no variants
    for element in tree.iter("*"):
        tag, attributes = str(element.tag), element.attrib
        yield from (name for name in attributes if name.startswith("data-"))
        source = attributes.get("src") or attributes.get("data-src") or ""
        match tag:
            case "script":
                yield f"script {source} {attributes.get('data-consent-category', '')}"
            case "link" if attributes.get("rel", "").lower() not in _SILENT_LINKS:
                yield f"link {attributes.get('rel')} {attributes.get('href')}"
            case "form":
                fields = element.iter("input", "select", "textarea", "button")
                names = sorted({str(field.get("name")) for field in fields})
                yield f"form {attributes.get('method')} {' '.join(names)}"
            case "iframe" | "embed" | "object" | "video" | "audio" | "source" | "img":
                yield f"{tag} {_foreign_host(source or attributes.get('data') or attributes.get('srcset', ''))}"


def waiting_in(answer: Answer) -> dict[str, frozenset[str]]:
    """Return which foreign origins a page names inside what waits for a category: optional scripts, embedded media."""
    found: dict[str, frozenset[str]] = {}
    for element in _parse(answer.markup).xpath("//*[@data-consent-category or @data-category]"):
        category = element.get("data-consent-category") or element.get("data-category")
        for url in element.xpath("descendant-or-self::*/@data-src | descendant-or-self::iframe/@src"):
            if host := _foreign_host(url):
                origin = f"{urlsplit(urljoin(answer.url, url)).scheme}://{host}"
                found = rules.merged(found, {origin: frozenset({category})})
    return found


def _foreign_host(url: str) -> str:
    try:
        return urlsplit(url.strip()).netloc
    except ValueError:
        return url


def links(answer: Answer) -> list[str]:
    """List the paths of this site that a page links to: pages only, without queries."""
    return _links_in(_parse(answer.markup), answer.url)


def _links_in(element: html.HtmlElement, base: str) -> list[str]:
    anchors = (anchor for anchor in element.iter("a", "area") if "download" not in anchor.attrib)
    return _distinct(_path_of(anchor.get("href") or "", base) for anchor in anchors)


def _distinct(paths: Iterable[str | None]) -> list[str]:
    return list(dict.fromkeys(path for path in paths if path))


def _path_of(href: str, base: str) -> str | None:
    try:
        parts, here = urlsplit(urljoin(base, href.strip())), urlsplit(base)
    except ValueError:
        return None
    if (parts.scheme, parts.netloc) != (here.scheme, here.netloc) or parts.query:
        return None
    return parts.path if is_page(parts.path) else None


def is_page(path: str) -> bool:
    """Return whether a path may be that of a public page: no file, and nothing of the admin."""
    no_pages = (*settings.PRIVATE_PATHS, settings.STATIC_URL, settings.MEDIA_URL, "/documents/")
    return path.startswith("/") and not path.startswith(no_pages) and not _FILE.search(path)


def parts_of_site_map(document: bytes) -> list[str]:
    """List the paths of the parts that the index of a site map names."""
    return _distinct(f"/{place.partition('//')[2].partition('/')[2]}" for place in _places(document))


def paths_of_site_map(document: bytes) -> list[str]:
    """List the paths of a site map. Their host is that of the site's public name, wherever it is audited."""
    return _distinct(_path_of(place, place) for place in _places(document))


def _places(document: bytes) -> list[str]:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True)
    try:
        root = etree.fromstring(document, parser)
    except etree.XMLSyntaxError:
        return []
    return [] if root is None else [(place.text or "").strip() for place in root.iter("{*}loc")]


def version_in_force(answer: Answer) -> tuple[str, int] | None:
    """Return path and number of the version of the cookie policy in force, as the page of choices names it."""
    for place in _parse(answer.markup).xpath("//*[@data-consent-page or @data-consent-bar]"):
        for path in _links_in(place, answer.url):
            if found := _VERSION.search(path):
                return path, int(found[1])
    return None


def _parse(markup: str) -> html.HtmlElement:
    """Read markup; of an empty or unreadable page, an empty one."""
    try:
        return html.document_fromstring(markup.encode(), parser=html.HTMLParser(encoding="utf-8"))
    except (etree.ParserError, etree.XMLSyntaxError):
        return html.Element("html")
