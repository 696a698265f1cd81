"""Template tags that print the text of policies. What is frozen is never changed, only how the page carries it."""

from django import template
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from policies.text import tables

register = template.Library()


@register.filter
def policy_text(html: str) -> SafeString:
    """Print frozen markup, its tables in boxes."""
    boxed = tables.with_boxes(html, label=_("Table")) if "table" in html else html
    return mark_safe(boxed)  # noqa: S308 - cleaned before it was frozen
