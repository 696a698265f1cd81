"""The links to policies in the footer of every page."""

from collections.abc import Iterator

from django.db.models import OuterRef, Subquery
from django.utils import timezone

from home.navigation import Link
from policies.models import Policy, PolicyVersion


def footer_links() -> Iterator[Link]:
    """Return a link to each policy that is in force; the site's own kinds only."""
    # By the title in force: a new one that is announced waits for its hour.
    in_force = PolicyVersion.objects.begun(timezone.now()).filter(policy=OuterRef("pk"))
    policies = Policy.objects.annotate(title_now=Subquery(in_force.values("title")[:1]))
    shown = policies.filter(title_now__isnull=False).exclude(kind=Policy.Kind.OTHER).order_by("pk")
    return (Link(policy.title_now, policy.get_absolute_url()) for policy in shown)
