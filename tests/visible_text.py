"""What a reader sees of a page: tokens in attributes may spell any short word by chance."""

import lxml.html


def visible_text(page: str | bytes) -> str:
    """The words of the page's main part, spaces between them made one."""
    main = lxml.html.fromstring(page).find(".//main")
    assert main is not None
    return " ".join(" ".join(main.itertext()).split())
