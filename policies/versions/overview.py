"""How each policy stands at a moment: what is in force and to come, the draft that waits, and what has drifted.

For staff who look after several policies at once: the dashboard and the list of policies read it. However many
policies and versions there are, it asks the database the same few questions, and each live fact once. It never writes.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from django.db.models import F, QuerySet
from django.utils import timezone
from wagtail.models import Page
from wagtail.query import PageQuerySet

from home.models import ServiceSettings
from policies.consent import notices
from policies.facts import drift
from policies.models import Policy, PolicyVersion
from policies.models.versions import Status
from policies.versions import records


class DraftState(StrEnum):
    """What waits on the page on which a policy is edited."""

    NONE = ""
    DRAFT = "draft"
    IN_REVIEW = "in_review"


@dataclass(frozen=True)
class Coming:
    """An announced version and the days until it takes effect."""

    version: PolicyVersion
    days: int


@dataclass
class Standing:
    """How one policy stands."""

    policy: Policy
    in_force: PolicyVersion | None = None
    coming: list[Coming] = field(default_factory=list)
    page: Page | None = None
    drifts: list[drift.Drift] = field(default_factory=list)

    @property
    def draft(self) -> DraftState:
        """Whether something unpublished waits, and whether for its review."""
        if self.page is None:
            return DraftState.NONE
        if self.page.workflow_in_progress:
            return DraftState.IN_REVIEW
        return DraftState.DRAFT if self.page.has_unpublished_changes else DraftState.NONE

    @property
    def is_damaged(self) -> bool:
        """Whether the record in force is not what was published."""
        return self.in_force is not None and records.sha256(self.in_force.record) != self.in_force.sha256

    @property
    def needs_draft(self) -> bool:
        """Whether something has drifted that no announced version states."""
        return any(one.announced is None for one in self.drifts)

    @property
    def is_as_published(self) -> bool:
        """Whether nobody needs to do anything about it."""
        return not (self.drifts or self.is_damaged or self.draft)


def standings(policies: Iterable[Policy], *, now: datetime) -> list[Standing]:
    """Say how each policy stands, in the order given."""
    found = {policy.pk: Standing(policy) for policy in policies}
    today = timezone.localdate(now)
    for version in _versions_that_matter(found, now):
        standing = found[version.policy_id]
        if version.status == Status.IN_FORCE:
            standing.in_force = version
        else:
            days = (timezone.localdate(version.effective_at) - today).days
            standing.coming.append(Coming(version, days))
    for policy_id, page in _pages(found):
        found[policy_id].page = page
    live = drift.LiveFacts()
    for standing in found.values():
        announced = [coming.version for coming in standing.coming]
        standing.drifts = drift.of_version(standing.in_force, coming=announced, live=live)
    return list(found.values())


def waiting_services(*, now: datetime) -> list[tuple[str, str]]:
    """Name the outside services that are switched on and cannot run, each with its category.

    Nobody is asked about it: the cookie policy in force does not name it under that category.
    """
    notice = notices.current(now)
    return [
        (provider.name, category.name)
        for provider, category in ServiceSettings.current().optional_providers()
        if notice is None or not notice.asks_about(provider, category.varname)
    ]


def _versions_that_matter(policy_ids: Iterable[int], now: datetime) -> QuerySet[PolicyVersion]:
    versions = PolicyVersion.objects.filter(policy__in=list(policy_ids)).with_status(now)
    now_or_later = versions.filter(status__in=[Status.IN_FORCE, Status.COMING])
    return now_or_later.select_related("policy").order_by("effective_at", "number")


def _pages(policy_ids: Iterable[int]) -> Iterator[tuple[int, Page]]:
    # As plain pages: Wagtail brings along the states of their workflows only so.
    pages: PageQuerySet = PageQuerySet(Page).filter(policypage__policy__in=list(policy_ids), alias_of=None)
    named = pages.annotate(policy_id=F("policypage__policy")).order_by("-pk")
    related = named.select_related("latest_revision__user").defer("latest_revision__content")
    return ((page.policy_id, page) for page in related.prefetch_workflow_states())
