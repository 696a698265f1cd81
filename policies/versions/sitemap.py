"""The policies in the site map: while a version is in force, whatever becomes of the page on which it is edited."""

from datetime import datetime
from urllib.parse import urlsplit

from django.contrib.sitemaps import Sitemap
from django.db.models import Q
from django.utils import timezone
from wagtail.models import Site

from policies.models import PolicyVersion
from policies.models.versions import PolicyVersionQuerySet, Status


class PolicySitemap(Sitemap):
    """The public URL of each policy in force, with the moment from which its text holds."""

    def items(self) -> PolicyVersionQuerySet:
        return PolicyVersion.objects.listed().with_status(timezone.now()).filter(Q(status=Status.IN_FORCE))

    def location(self, item: PolicyVersion) -> str:
        return item.policy.get_absolute_url()

    def lastmod(self, item: PolicyVersion) -> datetime:
        return item.effective_at

    # The canonical host, as Wagtail has it for pages, instead of the one that was asked for.
    def get_protocol(self, protocol: str | None = None) -> str:
        return urlsplit(_root_url()).scheme

    def get_domain(self, site: object = None) -> str:
        return urlsplit(_root_url()).netloc


def _root_url() -> str:
    return Site.objects.get(is_default_site=True).root_url
