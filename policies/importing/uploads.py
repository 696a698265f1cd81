"""Makes drafts of policy pages from texts that editors upload or paste: Markdown, or Word files.

It publishes nothing: versions and live pages do not change. A text that cannot be imported completely is refused with
the reason, and nothing of it is stored. The libraries that read them are loaded with the first text.
"""

from html import escape
from typing import TYPE_CHECKING

from django.core.files import File
from django.db import transaction
from django.utils.translation import gettext as _

from policies.models import PolicyPage
from policies.text import html_blocks, markup
from policies.text.limits import TextRefusedError, refuse_file
from policies.versions import drafts

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from home.models import User

MARKDOWN_ENDINGS = (".md", ".markdown", ".txt")
WORD_ENDINGS = (".docx", ".doc", ".docm", ".dotx", ".dotm")


def html_of_file(*, file: File, page: PolicyPage) -> str:
    """Read an uploaded file as the text of this page."""
    name = (file.name or "").lower()
    refuse_file(file.size)
    if name.endswith(WORD_ENDINGS):
        from policies.importing import word  # noqa: PLC0415 - large, and only imports need it

        document = word.convert(file.read())
        return _with_title(document.title, document.body.html, page)
    if name.endswith(MARKDOWN_ENDINGS):
        return html_of_markdown(text=file.read(), page=page)
    raise TextRefusedError(_("it is neither a Markdown file (.md, .txt) nor a Word file (.docx)"))


def html_of_markdown(*, text: str | bytes, page: PolicyPage) -> str:
    """Read Markdown, pasted or from a file, as the text of this page."""
    from policies.importing import markdown  # noqa: PLC0415 - likewise

    tidy = markdown.tidy(text) if isinstance(text, str) else markdown.decode(text)
    document = markdown.convert(tidy, fallback_title=page.title)
    return _with_title(document.title, document.body.html, page)


def _with_title(title: str, html: str, page: PolicyPage) -> str:
    """Keep a title that is not the page's as the first heading: the page keeps its own, and no word is lost."""
    if not title or title.casefold() == " ".join(page.title.split()).casefold():
        return html
    return markup.canonical(f"<h2>{escape(title)}</h2>\n{html}")


@transaction.atomic
def make_draft(*, page: PolicyPage, html: str, user: "User | AnonymousUser") -> PolicyPage:
    """Save this text as the newest draft of the page. Nothing else of the page changes.

    Raises TextRefusedError where the page has this text already, NoDraftError where nobody may edit it now.
    """
    page = PolicyPage.objects.select_for_update().get(pk=page.pk).specific
    if page.get_latest_revision_as_object().render_body().html == html:
        raise TextRefusedError(_("it is the text that the page has already"))
    drafts.save_draft(page=page, user=user, body=html_blocks.to_blocks(html))
    return page
