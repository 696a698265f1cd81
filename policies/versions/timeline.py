"""Which version holds on a day of the site's time zone, and when the next one takes effect.

Computed from when versions take effect; nothing is stored.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import cached_property

from django.utils import timezone

from home.snapshot import current, shared
from policies.models import Policy, PolicyVersion
from policies.text import headings


@dataclass(frozen=True)
class Day:
    """What held on a day: at its end, and earlier on it."""

    date: date
    version: PolicyVersion | None
    others: list[PolicyVersion]
    has_change: bool
    is_over: bool


@dataclass(frozen=True)
class CurrentVersions:
    """A policy as its own URL shows it: the version in force (None before the first), and those around it."""

    policy: Policy
    version: PolicyVersion | None
    previous: PolicyVersion | None
    upcoming: list[PolicyVersion]

    @cached_property
    def contents(self) -> list[headings.Contents]:
        """The headings of the version in force."""
        return headings.contents(self.version.html) if self.version else []


@shared
def published() -> list[Policy]:
    """Return the published policies, the oldest first, as `PolicyVersionQuerySet.of_kind` has it."""
    return list(Policy.objects.published().order_by("pk"))


def current_versions(policy: Policy) -> CurrentVersions:
    """Return the versions that the page of a policy shows. Read once a snapshot."""
    snapshot = current()
    return snapshot.value(("versions", policy.pk), lambda: _current_versions(policy, snapshot.taken_at))


def shown_of_kind(kind: str) -> PolicyVersion | None:
    """Return the version in force of the site's policy of a kind. Read once a snapshot."""
    policy = next((one for one in published() if one.kind == kind), None)
    return current_versions(policy).version if policy else None


def _current_versions(policy: Policy, now: datetime) -> CurrentVersions:
    version = policy.versions.select_related("policy").in_force(now)
    previous = PolicyVersion.objects.listed().preceding(version).first() if version else None
    return CurrentVersions(policy, version, previous, list(policy.versions.listed().pending(now)))


def next_effective_time(now: datetime) -> datetime | None:
    """Return when the next pending version takes effect."""
    return PolicyVersion.objects.pending(now).values_list("effective_at", flat=True).first()


def day(policy: Policy, date_: date, *, now: datetime) -> Day:
    """Return what held on a day. OverflowError for a day at the edge of the calendar."""
    start, end = _bounds(date_)
    version = policy.versions.listed().in_force(end)
    began = list(policy.versions.listed().begun(end).filter(effective_at__gt=start))
    at_start = policy.versions.listed().in_force(start)
    others = [other for other in (*began, at_start) if other is not None and other != version]
    others.sort(key=lambda other: (other.effective_at, other.number))
    return Day(date_, version, others, has_change=bool(began), is_over=end < now)


def _bounds(date_: date) -> tuple[datetime, datetime]:
    zone = timezone.get_default_timezone()
    start = datetime.combine(date_, time.min, tzinfo=zone)
    # Its last moment, where the clock shows that one twice.
    end = datetime.combine(date_, time.max.replace(fold=1), tzinfo=zone)
    return start.astimezone(UTC), end.astimezone(UTC)
