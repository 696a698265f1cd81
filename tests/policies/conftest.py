"""A policy with “Be kind. Be fair.” in force and “Be brave …” announced, made once for a file."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from policies.models import PolicyPage
from tests.policies.announcing import announce_brave


@pytest.fixture(scope="module")
def soon() -> datetime:
    return (timezone.now() + timedelta(days=10)).replace(second=0, microsecond=0)


@pytest.fixture(scope="module")
def announced_page(database_of_module: None, soon: datetime) -> int:
    return announce_brave(soon).pk


@pytest.fixture
def announced(announced_page: int, db: None) -> PolicyPage:
    return PolicyPage.objects.get(pk=announced_page)
