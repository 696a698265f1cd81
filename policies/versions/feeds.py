"""The Atom feed of a policy: one entry for each version, for readers who follow every change.

Ids are made from the records' hashes, so they stay the same wherever the site moves. Each entry names its record's
hash, so that a reader's program can notice a record that changed after it was announced. URLs begin with
SITE_URL. It reads, and never needs more queries for more versions.
"""

from typing import Any
from uuid import UUID, uuid5

from django.conf import settings
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import escape, format_html
from django.utils.translation import gettext as _
from django.utils.xmlutils import SimplerXMLGenerator

from home.models import BrandSettings
from policies.models import Policy, PolicyVersion
from policies.text.parsing import CONTROL_CHARACTERS

CONTENT_TYPE = Atom1Feed.content_type
ENTRIES = 50
# Ours alone, so that no other program makes the same id from the same hash. Never change it.
_NAMESPACE = UUID("6c1f3a52-8d0e-4b57-9a86-2f5b7c0d41e3")


class _VersionFeed(Atom1Feed):
    """Django's Atom feed, with content and more links in each entry."""

    def add_item_elements(self, handler: SimplerXMLGenerator, item: dict[str, Any]) -> None:
        super().add_item_elements(handler, item)
        for link in item["links"]:
            handler.addQuickElement("link", "", link)
        handler.addQuickElement("content", item["content"], {"type": "html"})


def atom_feed(policy: Policy) -> bytes:
    """Write the feed of a published policy."""
    first = policy.versions.order_by("number").values_list("sha256", flat=True)[0]
    brand = BrandSettings.current()
    feed = _VersionFeed(
        title=_text(policy.title),
        link=_url("policy", policy.slug),
        description=None,
        subtitle=_("Every version, as it was published."),
        feed_url=_url("feed", policy.slug),
        feed_guid=_id(f"feed of {first}"),
        language=policy.language,
        author_name=_text(brand.legal_name or brand.name or settings.SITE_URL),
    )
    for version in policy.versions.listed().with_predecessor()[:ENTRIES]:
        feed.add_item(**_entry(version))
    return feed.writeString("utf-8").encode()


def _entry(version: PolicyVersion) -> dict[str, Any]:
    record = _url("record", version.policy.slug, version.number)
    links = [{"rel": "alternate", "type": "application/json", "href": record}]
    if version.predecessor:
        comparison = _url("compare", version.policy.slug, version.predecessor, version.number)
        links.append(
            {"rel": "related", "type": "text/html", "href": comparison, "title": _("Every changed word")}
        )
    return {
        "title": _text(_title(version)),
        "link": _url("version", version.policy.slug, version.number),
        "description": escape(_text(version.change_summary)) or None,
        "unique_id": _id(version.sha256),
        "pubdate": version.recorded_at,
        "updateddate": version.withdrawal.withdrawn_at if version.is_withdrawn else version.recorded_at,
        "links": links,
        "content": _content(version, links),
    }


def _title(version: PolicyVersion) -> str:
    names = {"title": version.title, **version.number_and_day}
    if version.is_withdrawn:
        return _("%(title)s, version %(number)s: withdrawn, never in force") % names
    return _("%(title)s, version %(number)s: in force from %(date)s") % names


def _content(version: PolicyVersion, links: list[dict[str, str]]) -> str:
    parts = [format_html("<p>{}</p>", _text(version.change_summary))] if version.change_summary else []
    if version.is_withdrawn:
        parts.append(format_html("<p>{}</p>", _("This version was withdrawn before it took effect.")))
    labels = {"alternate": _("The record (JSON)"), "related": _("Every changed word")}
    parts += [
        format_html('<p><a href="{}">{}</a></p>', link["href"], labels[link["rel"]])
        for link in reversed(links)
    ]
    parts.append(format_html("<p>SHA-256: <code>{}</code></p>", version.sha256))
    return "".join(parts)


def _url(name: str, *args: str | int) -> str:
    return settings.SITE_URL + reverse(f"policies:{name}", args=args)


def _id(name: str) -> str:
    return uuid5(_NAMESPACE, name).urn


def _text(text: str) -> str:
    # Imported titles and summaries may hold characters that XML cannot.
    return CONTROL_CHARACTERS.sub(" ", text)
