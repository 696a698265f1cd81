"""The editor's guide, as a page of the admin."""

from itertools import pairwise
from typing import Any

from django.conf import settings
from django.http import Http404
from django.utils.safestring import mark_safe
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

FIRST = "editor-guide.md"
FILES = {FIRST, "orders.md"}  # in docs/; they link to each other by these names


class GuideView(WagtailAdminTemplateMixin, TemplateView):
    template_name = "home/admin/guide.html"
    page_title = _("Help")  # type: ignore[assignment]  # Wagtail declares str, takes lazy text
    header_icon = "help"

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [*super().get_breadcrumbs_items(), {"url": "", "label": self.page_title}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        if kwargs["name"] not in FILES:
            raise Http404
        text = (settings.BASE_DIR / "docs" / kwargs["name"]).read_text(encoding="utf-8")
        return {**super().get_context_data(**kwargs), "guide": mark_safe(to_html(text))}  # noqa: S308 - our own file


def to_html(text: str) -> str:
    """Return Markdown as HTML. Each heading has the id that GitHub gives it, so that links work in both places."""
    from markdown_it import MarkdownIt  # noqa: PLC0415 - only this page and imports need it

    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = markdown.parse(text)
    for token, words in pairwise(tokens):
        if token.type == "heading_open":
            token.attrSet("id", slugify(words.content))
    return str(markdown.renderer.render(tokens, markdown.options, {}))
