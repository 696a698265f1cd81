"""Makes HTML: elements whose content is escaped unless it is HTML already, and the page around them."""

from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tools.stripe_sandbox.messages import Response

FOLDER = Path(__file__).parent
ASSETS = {
    "/assets/sandbox.css": ("sandbox.css", "text/css; charset=utf-8"),
    "/assets/icon.svg": ("icon.svg", "image/svg+xml"),
}
# The pages need nobody else's files but pictures of what is bought, run no script and stand in no frame.
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'{origins}; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
LAYOUT = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{title} · test payment</title>
<link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/assets/sandbox.css">
</head>
<body>
<header class="banner"><p><strong>Test payment page:</strong> no money moves.</p></header>
{body}
</body>
</html>
"""
EMPTY_ELEMENTS = {"img", "input"}


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


NOTHING = Html("")


def tag(name: str, /, *content: str, **attributes: Any) -> Html:
    """Return an element: `for_` stands for `for`, `aria_label` for `aria-label`; None and False leave one out."""
    shown = ""
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        attribute = key.rstrip("_").replace("_", "-")
        shown += f" {attribute}" if value is True else f' {attribute}="{escape(str(value))}"'
    if name in EMPTY_ELEMENTS:
        return Html(f"<{name}{shown}>")
    inside = "".join(part if isinstance(part, Html) else escape(part) for part in content)
    return Html(f"<{name}{shown}>{inside}</{name}>\n")


def page(title: str, *body: Html, status: int = 200, images: Iterable[str] = ()) -> Response:
    """Return a whole page, which may show these images of others."""
    html = LAYOUT.format(title=escape(title), body="".join(body))
    parts = map(urlsplit, images)
    origins = "".join(sorted({f" {part.scheme}://{part.netloc}" for part in parts}))
    policy = {"Content-Security-Policy": POLICY.format(origins=origins)}
    return Response(status, html.encode(), HEADERS | policy)


def asset(path: str) -> Response | None:
    """Return the pages' style sheet or icon."""
    if path not in ASSETS:
        return None
    name, kind = ASSETS[path]
    return Response(200, (FOLDER / name).read_bytes(), {"Content-Type": kind, "Cache-Control": "no-cache"})
