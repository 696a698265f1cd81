"""“Be brave …” is announced while “Be kind.” and “Be fair.” are in force, and what tests ask about it."""

from datetime import datetime

from django.utils import timezone

from policies.models import Policy, PolicyPage, PolicyVersion
from policies.versions.dashboard import statuses
from tests.factories import policy_page, publish

KIND, FAIR = ("imported", "<p>Be kind.</p>"), ("imported", "<p>Be fair.</p>")
BRAVE = ("imported", "<p>Be brave, always and everywhere.</p>")


def announce_brave(at: datetime) -> PolicyPage:
    """Publish “Be kind. Be fair.”, and announce “Be kind. Be brave …” as version 2."""
    page = policy_page(body=[KIND, FAIR])
    publish(page)
    publish(page, body=[KIND, BRAVE], effective_from=at, summary="Brave.")
    return PolicyPage.objects.get()


def numbered(number: int) -> PolicyVersion:
    return PolicyVersion.objects.get(number=number)


def undoing() -> list[tuple[int, int]]:
    [status] = statuses([Policy.objects.get()], now=timezone.now())
    return [(version.number, undone.number) for version, undone in status.undoing]
