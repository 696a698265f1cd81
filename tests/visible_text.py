"""What a reader sees of a page: tokens in attributes may spell any short word by chance."""

import re
from html import unescape

import lxml.html


def visible_text(page: str | bytes) -> str:
    """The words of the page's main part, spaces between them made one."""
    main = lxml.html.fromstring(page).find(".//main")
    assert main is not None
    return " ".join(" ".join(main.itertext()).split())


def words_of(html: str) -> str:
    """The words of an e-mail's HTML, without its head and what previews show of it."""
    shown = re.sub(r"<(head|div)\b.*?</\1>", "", html, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", shown)).split())
