"""Two publications of one policy at the same moment: one after the other, numbers and chain without a fork."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from policies import records
from policies.models import Policy
from tests import factories

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


def test_both_are_recorded_and_the_second_follows_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    policy = factories.policy()
    encode = records.encode

    def slowly(content: dict[str, Any]) -> str:
        time.sleep(0.3)  # long enough for the other to read the same "last version", if it may
        return encode(content)

    monkeypatch.setattr(records, "encode", slowly)

    def record(words: str) -> int:
        try:
            return factories.version(Policy.objects.get(pk=policy.pk), html=f"<p>{words}</p>").number
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        numbers = list(threads.map(record, ["One.", "Other."]))

    assert sorted(numbers) == [1, 2]
    assert list(records.problems(policy.versions.order_by("number"))) == []
