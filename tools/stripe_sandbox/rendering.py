"""Makes HTML from the files in `pages/`: `$name` stands for a value, which is escaped unless it is HTML already."""

from collections.abc import Iterable
from functools import cache
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from tools.stripe_sandbox.messages import Response

FOLDER = Path(__file__).parent / "pages"
ASSETS = {
    "/assets/sandbox.css": ("sandbox.css", "text/css; charset=utf-8"),
    "/assets/icon.svg": ("icon.svg", "image/svg+xml"),
}
# The pages need nobody else's files, run no script and stand in no frame.
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'{images}; base-uri 'none'; frame-ancestors 'none'"
)


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


@cache
def _template(name: str) -> Template:
    return Template((FOLDER / f"{name}.html").read_text(encoding="utf-8"))


def render(name: str, /, **values: Any) -> Html:
    """Fill in one of the files."""
    safe = {key: value if isinstance(value, Html) else escape(str(value)) for key, value in values.items()}
    return Html(_template(name).substitute(safe).strip())


def joined(parts: Iterable[Html]) -> Html:
    """Put pieces of HTML one after the other."""
    return Html("\n".join(parts))


def page(title: str, body: Html, *, status: int = 200, images: Iterable[str] = ()) -> Response:
    """Return a whole page; `images` are the other origins whose pictures it shows."""
    sources = "".join(f" {origin}" for origin in sorted(set(images)))
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        "Cache-Control": "no-store",
        "Content-Security-Policy": POLICY.format(images=sources),
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(status, render("layout", title=title, body=body).encode(), headers)


def asset(path: str) -> Response | None:
    """Return a style sheet or a picture of the pages'."""
    if path not in ASSETS:
        return None
    name, kind = ASSETS[path]
    return Response(200, (FOLDER / name).read_bytes(), {"Content-Type": kind, "Cache-Control": "no-cache"})
