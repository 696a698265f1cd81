"""Template tags that print the text of policies. What is frozen is never changed, only how the page carries it."""

from typing import Any

from cookie_consent.models import CookieGroup
from django import template
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from policies.models import PolicyPage
from policies.text import quotes, tables
from policies.versions import publication_preview

register = template.Library()
register.filter("quoting", quotes.as_html)


@register.filter
def policy_text(html: str) -> SafeString:
    """Print frozen markup, its tables in boxes."""
    boxed = tables.with_boxes(html, label=_("Table")) if "table" in html else html
    return mark_safe(boxed)  # noqa: S308 - cleaned before it was frozen


@register.filter
def category_name(varname: str) -> str:
    """Return what visitors know a category of cookies as."""
    return CookieGroup.objects.filter(varname=varname).values_list("name", flat=True).first() or varname


@register.simple_tag
def preview_publication(page: PolicyPage) -> publication_preview.PublicationPreview:
    """Return what publishing the newest draft would do, worked out once for all recipients of a mail."""
    kept: dict[str, Any] = page.__dict__
    if "_publication_preview" not in kept:
        fresh = PolicyPage.objects.get(pk=page.pk).specific
        kept["_publication_preview"] = publication_preview.preview_latest_draft(fresh)
    return kept["_publication_preview"]
