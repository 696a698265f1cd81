"""When a version holds: its status at a moment, from when to when, and what stands beside it.

Everything is computed from the order of taking effect, (effective time, number), and from the moment asked about;
nothing is stored. It reads, and never fetches more with more versions.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import OuterRef, Subquery
from django.utils import timezone

from home.navigation import Link
from policies.models import Policy, PolicyVersion
from policies.models.versions import Status

_SMALLEST_STEP = timedelta(microseconds=1)


@dataclass(frozen=True)
class Place:
    """A version's place in time. `valid_until` is None while nothing is known to follow; a withdrawn one has none."""

    status: Status
    valid_from: datetime
    valid_until: datetime | None
    in_force: PolicyVersion | None


@dataclass(frozen=True)
class Entry:
    """A line of the list of versions: a version, where it stands, and the number of the one it took over from."""

    version: PolicyVersion
    status: Status
    previous: int | None


@dataclass(frozen=True)
class Day:
    """What held on a day: at its end, and earlier on it."""

    date: date
    version: PolicyVersion | None
    others: list[PolicyVersion]
    is_over: bool


def status_of(version: PolicyVersion, *, in_force: PolicyVersion | None, now: datetime) -> Status:
    """Name the status of a version, given which one is in force now."""
    if version.is_withdrawn:
        return Status.WITHDRAWN
    if version.effective_at > now:
        return Status.COMING
    return Status.IN_FORCE if version == in_force else Status.PAST


def place(version: PolicyVersion, *, now: datetime) -> Place:
    """Find a version's place: two queries."""
    in_force = PolicyVersion.objects.listed().filter(policy_id=version.policy_id).in_force(now)
    until = None
    if not version.is_withdrawn:
        until = PolicyVersion.objects.following(version).values_list("effective_at", flat=True).first()
    return Place(status_of(version, in_force=in_force, now=now), version.effective_at, until, in_force)


def entries(versions: Iterable[PolicyVersion], *, now: datetime) -> list[Entry]:
    """Say of versions of one policy where they stand, in the order given. They come `with_forerunner()`."""
    known = list(versions)
    of_policy = PolicyVersion.objects.listed().filter(policy__in={version.policy_id for version in known})
    in_force = of_policy.in_force(now)
    return [Entry(v, status_of(v, in_force=in_force, now=now), v.forerunner) for v in known]


def next_effective_time(now: datetime) -> datetime | None:
    """Return when the next pending version takes effect."""
    return PolicyVersion.objects.pending(now).values_list("effective_at", flat=True).first()


def footer_links() -> Iterator[Link]:
    """Return a link to each policy that is in force; the site's own kinds only."""
    # By the title in force: a new one that is announced waits for its hour.
    in_force = PolicyVersion.objects.begun(timezone.now()).filter(policy=OuterRef("pk"))
    policies = Policy.objects.annotate(title_now=Subquery(in_force.values("title")[:1]))
    shown = policies.filter(title_now__isnull=False).exclude(kind=Policy.Kind.OTHER).order_by("pk")
    return (Link(policy.title_now, policy.get_absolute_url()) for policy in shown)


def day(policy: Policy, date_: date, *, now: datetime) -> Day:
    """Say what held on a day of the site's time zone. OverflowError for a day at the edge of the calendar."""
    start, end = _bounds(date_)
    version = policy.in_force(end)
    began = policy.versions.listed().begun(end).filter(effective_at__gt=start)
    at_start = policy.versions.listed().in_force(start)
    others = [v for v in (*began, at_start) if v is not None and v != version]
    return Day(date_, version, sorted(others, key=_order), is_over=end < now)


def _bounds(date_: date) -> tuple[datetime, datetime]:
    zone = timezone.get_default_timezone()
    first = datetime.combine(date_, time.min, tzinfo=zone).astimezone(UTC)
    if date_ == date.max:
        return first, datetime.max.replace(tzinfo=UTC)
    after = datetime.combine(date_ + timedelta(days=1), time.min, tzinfo=zone)
    return first, after.astimezone(UTC) - _SMALLEST_STEP


def _order(version: PolicyVersion) -> tuple[datetime, int]:
    return version.effective_at, version.number
