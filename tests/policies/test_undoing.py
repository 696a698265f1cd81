"""What an announced version undoes when it takes effect: told in red, and published only with a tick."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from policies.models import PolicyPage, PolicyVersion
from policies.versions import publishing
from tests.factories import publish, withdraw
from tests.policies.announcing import BRAVE, FAIR, KIND, numbered, undoing

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def test_a_change_that_the_announced_version_has_as_well_is_not_undone(announced: PolicyPage) -> None:
    publish(announced, body=[KIND, BRAVE], undone_by=[])
    assert undoing() == []


@pytest.mark.parametrize(
    "change",
    [
        {"body": [FAIR]},
        {"body": [KIND, FAIR, ("imported", "<p>Please.</p>")]},
        {"body": [("imported", "<p>Be kinder.</p>"), FAIR]},
        {"title": "Rules of the house"},
    ],
)
def test_a_change_that_it_does_not_have_needs_a_tick_and_stays_red_until_then(
    announced: PolicyPage, soon: datetime, change: dict[str, Any]
) -> None:
    change = {"body": [KIND, FAIR], **change}
    for ticks in ([], [1], [3]):
        with pytest.raises(publishing.RefusedContentError, match="will undo it on that day"):
            publish(announced, undone_by=ticks, **change)
    assert PolicyVersion.objects.count() == 2
    publish(announced, undone_by=[2], **change)
    assert undoing() == [(2, 3)]
    withdraw(numbered(2))
    assert undoing() == []


def test_each_of_several_announced_versions_needs_its_tick(announced: PolicyPage, soon: datetime) -> None:
    publish(announced, body=[KIND, BRAVE, FAIR], effective_from=soon + timedelta(days=5))
    with pytest.raises(publishing.RefusedContentError) as refused:
        publish(announced, body=[FAIR], undone_by=[])
    assert [re.search(r"Version (\d)", problem.words)[1] for problem in refused.value.problems] == ["2", "3"]
    publish(announced, body=[FAIR], undone_by=[2, 3])
    assert undoing() == [(2, 4)]


def test_a_version_announced_after_one_that_is_withdrawn_is_red(
    announced: PolicyPage, soon: datetime
) -> None:
    publish(announced, body=[KIND, BRAVE, FAIR], effective_from=soon + timedelta(days=5))
    assert undoing() == []
    withdraw(numbered(2))
    assert undoing() == [(3, 1)]


def test_a_version_announced_after_one_that_is_replaced_is_told(
    announced: PolicyPage, soon: datetime
) -> None:
    publish(
        announced, body=[KIND, BRAVE, ("imported", "<p>Thanks.</p>")], effective_from=soon + timedelta(days=5)
    )
    how = {"replaces": numbered(2), "based_on": numbered(1), "effective_from": soon}
    with pytest.raises(publishing.RefusedContentError, match="Version 3, announced for"):
        publish(announced, body=[FAIR], undone_by=[], **how)
    publish(announced, body=[FAIR], undone_by=[3], **how)
    assert undoing() == [(3, 4)]


def test_the_dashboard_shows_it_in_red_and_offers_to_rebase(
    admin_client: Client, announced: PolicyPage
) -> None:
    publish(announced, body=[FAIR])
    shown = admin_client.get("/admin/").content.decode()
    assert "version 2 will undo what version 3 changed" in shown
    assert "Bring the change over to version 2" in shown
    assert "The site matches the published policies" not in shown


@pytest.mark.both_databases
def test_the_dashboard_opens_where_a_record_cannot_be_read(
    admin_client: Client, announced: PolicyPage
) -> None:
    publish(announced, body=[FAIR])
    for record in ("no json", "[]", "{}"):
        damage(record)
        assert admin_client.get("/admin/").status_code == 200


def damage(record: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE policies_policyversion SET record = %s WHERE number = 2", [record])
