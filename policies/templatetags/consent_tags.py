"""What public pages carry for consent: the same bytes for every visitor.

The attributes and the bar tell the script which version is in force; what a visitor chose is never looked at here.
"""

import json
from typing import Any

from django import template
from django.template.context import Context
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from wagtail.models import Page

from home.embeds import EmbedService
from home.models import ServiceSettings
from policies.consent import notices
from policies.consent.notices import Category, Notice
from policies.models import CookieDetails

register = template.Library()


@register.simple_tag(takes_context=True)
def consent_attributes(context: Context) -> SafeString | str:
    """Write the attributes of <html>: version, versions whose choices are valid, categories; or nothing to choose."""
    notice = _notice(context)
    if notice is None or not notice.optional:
        return ""
    markup = 'data-consent-version="{}" data-consent-accepted="{}" data-consent-categories="{}"'
    accepted = ",".join(map(str, notice.accepted_versions))
    return format_html(markup, notice.number, accepted, ",".join(notice.varnames))


@register.inclusion_tag("components/consent_bar.html", takes_context=True)
def consent_bar(context: Context) -> dict[str, Any]:
    """Render the bar, hidden; the script shows it to those who have not chosen."""
    notice = _notice(context)
    if notice is None or not notice.optional:
        return {}
    return {"notice": notice, "declared": json.dumps(declared_storage(notice), separators=(",", ":"))}


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

    Only on pages of the site map: URLs of orders and accounts are secrets that no third party may learn.
    """
    page, request = context.get("page"), context.get("request")
    if not isinstance(page, Page) or getattr(request, "is_preview", False):
        return ""
    services = ServiceSettings.current()
    analytics = services.analytics_in_use
    notice = _notice(context)
    if analytics is None or notice is None:
        return ""
    if not notice.asks_about(analytics.provider, services.analytics_category.varname):
        return ""
    return optional_script(services.analytics_category.varname, analytics.script, **analytics.data)


@register.simple_tag(takes_context=True)
def offered_category(context: Context, varname: str, service: EmbedService) -> Category | None:
    """Find the category under which the notice in force asks about a service; None where it does not."""
    notice = _notice(context)
    if notice is None or not notice.asks_about(service.provider(), varname):
        return None
    return next(category for category in notice.optional if category.varname == varname)


def declared_storage(notice: Notice) -> list[dict[str, str]]:
    """List what the script can remove when a category is not allowed: what this site itself keeps in the browser."""
    return [
        {"category": category.varname, "storage": cookie.storage, "name": cookie.name}
        for category in notice.optional
        for cookie in category.cookies
        if cookie.party == CookieDetails.Party.FIRST
    ]


def _notice(context: Context) -> Notice | None:
    # Both tags of a page ask; the answer is kept with the request. Pages without one (error pages) ask anew.
    request = context.get("request")
    if request is None:
        return notices.current(timezone.now())
    if not hasattr(request, "consent_notice"):
        request.consent_notice = notices.current(timezone.now())
    return request.consent_notice
