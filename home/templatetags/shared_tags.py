"""Template tags for the parts that pages share, which are rendered once a snapshot."""

from django import template
from django.template.context import Context
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from home import navigation, snapshot
from home.models import BrandSettings
from home.search import site

register = template.Library()


@register.simple_tag
def shared_part(template_name: str, **given: str) -> SafeString:
    """Print a template, rendered once a snapshot and language for each of the few values that it is given.

    It gets `brand` and these, never the request: no part of it can be one visitor's.
    """

    def render() -> SafeString:
        values = {"brand": BrandSettings.copied(), **given}
        return render_to_string(template_name, values)

    return snapshot.current().value((template_name, get_language(), *given.items()), render)


@register.simple_tag(takes_context=True)
def menu_section(context: Context) -> str:
    """Return which entry of the header to mark: the one that the view names, or the page's; empty for none."""
    entries = navigation.main_menu()
    return context.get("section") or navigation.section_of(context.get("page"), entries)


@register.simple_tag
def known_brand() -> BrandSettings | None:
    """Return the brand as it was last known, if it was: for pages that ask no database."""
    return snapshot.last(BrandSettings)


register.filter(BrandSettings.shown_logo)
register.simple_tag(navigation.main_menu)
register.simple_tag(navigation.footer_menu)
register.simple_tag(navigation.contact_page)
register.simple_tag(site.suggestions)
