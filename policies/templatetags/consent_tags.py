"""What public pages carry for consent: the same bytes for every visitor.

The attributes and the bar tell the script which version is in force; what a visitor chose is never looked at here.
"""

import json

from django import template
from django.template.context import Context
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from wagtail.models import Page

from home.embeds import EmbedService
from home.models import ServiceSettings
from home.snapshot import shared
from policies.consent import notices
from policies.consent.notices import Category, Notice
from policies.models import CookieDetails

register = template.Library()


@register.simple_tag
@shared
def consent_attributes() -> SafeString | str:
    """Write the attributes of <html>: version, versions whose choices are valid, categories; or nothing to choose."""
    notice = notices.shown()
    if notice is None or not notice.optional:
        return ""
    markup = 'data-consent-version="{}" data-consent-accepted="{}" data-consent-categories="{}"'
    accepted = ",".join(map(str, notice.accepted_versions))
    return format_html(markup, notice.number, accepted, ",".join(notice.varnames))


@register.simple_tag
def offered_notice() -> Notice | None:
    """Return the notice that the bar prints; None where there is nothing to choose."""
    notice = notices.shown()
    return notice if notice and notice.optional else None


@register.simple_tag
def optional_script(category: str, source: str, **data: str) -> SafeString:
    """Write a script that starts only when its category is allowed, with its `data` as attributes data-….

    `source` is a static file or a full URL.
    """
    url = source if source.startswith(("https://", "/")) else static(source)
    markup = '<script type="text/plain" data-consent-category="{}" data-src="{}"{}></script>'
    return format_html(markup, category, url, format_html_join("", ' data-{}="{}"', data.items()))


@register.simple_tag(takes_context=True)
def analytics_script(context: Context) -> SafeString | str:
    """Write the analytics script, inert, where the notice in force asks about its category.

    Only on pages of the site map: URLs of orders and accounts are secrets that no third party may learn, and so is the
    query of a form's page, which says what somebody asks about.
    """
    page, request = context.get("page"), context.get("request")
    if not isinstance(page, Page) or getattr(request, "is_preview", False):
        return ""
    # In this order: a page that is kept must not read its query, which would have a copy kept for each.
    if not getattr(page, "is_cacheable", True) and request and request.GET:
        return ""
    return _analytics()


@shared
def _analytics() -> SafeString | str:
    services, notice = ServiceSettings.shown(), notices.shown()
    analytics = services.analytics_in_use
    if analytics is None or notice is None:
        return ""
    if not notice.asks_about(analytics.provider, services.analytics_category.varname):
        return ""
    return optional_script(services.analytics_category.varname, analytics.script, **analytics.data)


@register.simple_tag
def offered_category(varname: str, service: EmbedService) -> Category | None:
    """Find the category under which the notice in force asks about a service; None where it does not."""
    notice = notices.shown()
    if notice is None or not notice.asks_about(service.provider(), varname):
        return None
    return next(category for category in notice.optional if category.varname == varname)


@register.filter
def declared_storage(notice: Notice) -> str:
    """Return as JSON what the script can remove when a category is not allowed: what this site keeps in the browser."""
    found = [
        {"category": category.varname, "storage": cookie.storage, "name": cookie.name}
        for category in notice.optional
        for cookie in category.cookies
        if cookie.party == CookieDetails.Party.FIRST
    ]
    return json.dumps(found, separators=(",", ":"))
