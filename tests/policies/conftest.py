"""Policies that several files of tests begin with: one with a version announced, one sealed, one under review."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from home.models import User
from policies.models import PolicyPage, PolicyVersion
from tests.factories import policy, policy_page, publish, version
from tests.policies.announcing import announce_brave
from tests.policies.proving import fill, seal
from tests.policies.reviewing import member


@pytest.fixture(scope="module")
def soon() -> datetime:
    return (timezone.now() + timedelta(days=10)).replace(second=0, microsecond=0)


@pytest.fixture(scope="module")
def announced_page(database_of_module: None, soon: datetime) -> int:
    return announce_brave(soon).pk


@pytest.fixture
def announced(announced_page: int, db: None) -> PolicyPage:
    return PolicyPage.objects.get(pk=announced_page)


@pytest.fixture
def sealed() -> PolicyVersion:
    """Return a version that is sealed in a batch of nine, with three heads after its own."""
    fill(4)
    version(policy(), change_summary="Größer, 大きい, \u2028 “quoted” \\ </script>")
    fill(4)
    seal()
    for _ in range(3):
        fill(2)
        seal()
    return PolicyVersion.objects.get()


@pytest.fixture
def author() -> User:
    return member("author@example.com", "The Author", "Editors")


@pytest.fixture
def reviewer() -> User:
    return member("reviewer@example.com", "The Reviewer", "Legal reviewers")


@pytest.fixture
def submitted(author: User, reviewer: User) -> PolicyPage:
    """Submit a change of a published policy for review."""
    page = policy_page()
    publish(page)
    draft = PolicyPage.objects.get().get_latest_revision_as_object()
    draft.body = [("imported", "<p>Be kinder.</p>")]
    draft.change_summary = "Kindness grew."
    draft.save_revision(user=author)
    page = PolicyPage.objects.get()
    page.get_workflow().start(page, author)
    return page
