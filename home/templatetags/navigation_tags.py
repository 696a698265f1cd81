"""Template tags that print the menus."""

from django import template
from django.template.context import Context

from home import navigation

register = template.Library()


@register.inclusion_tag("components/main_menu.html", takes_context=True)
def main_menu(context: Context) -> dict[str, list[navigation.Link]]:
    """Print the header's menu; the page shown, or its section, is marked."""
    request = context.get("request")
    return {"entries": navigation.main_menu(request, current=context.get("page")) if request else []}


@register.inclusion_tag("components/footer_menu.html", takes_context=True)
def footer_menu(context: Context) -> dict[str, list[navigation.Link]]:
    request = context.get("request")
    return {"entries": navigation.footer_menu(request) if request else []}
