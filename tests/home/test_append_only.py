"""Records that are written once refuse every way in which Django changes or deletes rows."""

from collections.abc import Callable

import pytest
from django.core import serializers
from django.db import transaction
from django.db.models import ProtectedError
from django.db.models.deletion import Collector

from home.append_only import ImmutableRecordError
from home.models import User
from policies.models import PolicyVersion
from tests.factories import policy, policy_page, publish, version

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases, pytest.mark.every_case]


def _collect_and_delete(version: PolicyVersion) -> None:
    collector = Collector("default")
    collector.collect([version])
    collector.delete()


CHANGES: dict[str, Callable[[PolicyVersion], object]] = {
    "save": lambda v: v.save(),
    "save of one field": lambda v: v.save(update_fields=["title"]),
    "delete": lambda v: v.delete(),
    "update": lambda v: PolicyVersion.objects.update(title="x"),
    "update by the base manager": lambda v: PolicyVersion._base_manager.filter(pk=v.pk).update(title="x"),
    "update of a detachable field to a value": lambda v: PolicyVersion.objects.update(publisher=1),
    "update through the policy": lambda v: v.policy.versions.update(title="x"),
    "a cascade's collector": _collect_and_delete,
    "delete of the queryset": lambda v: PolicyVersion.objects.all().delete(),
    "raw delete": lambda v: PolicyVersion.objects.all()._raw_delete("default"),
    "bulk_update": lambda v: PolicyVersion.objects.bulk_update([v], ["title"]),
    "bulk_create over a conflict": lambda v: PolicyVersion.objects.bulk_create(
        [v], update_conflicts=True, update_fields=["title"], unique_fields=["id"]
    ),
    "update_or_create": lambda v: PolicyVersion.objects.update_or_create(pk=v.pk, defaults={"title": "x"}),
    "a new object with the same key": lambda v: PolicyVersion(pk=v.pk, policy=v.policy, title="x").save_base(
        raw=True
    ),
    "loaddata": lambda v: next(
        serializers.deserialize("json", serializers.serialize("json", [v]).replace("House", "Other"))
    ).save(),
}


@pytest.mark.parametrize("name", CHANGES)
def test_an_append_only_record_refuses_a_change_by(name: str) -> None:
    made = version(policy())
    before = PolicyVersion.objects.values().get()

    with pytest.raises(ImmutableRecordError), transaction.atomic():
        CHANGES[name](made)

    assert PolicyVersion.objects.values().get() == before


def test_a_parent_of_append_only_records_cannot_be_deleted() -> None:
    made = version(policy())

    with pytest.raises(ProtectedError):
        made.policy.delete()
    assert PolicyVersion.objects.exists()


def test_users_and_pages_may_go_and_the_record_stays() -> None:
    user = User.objects.create_user(email="editor@example.com", password="x", is_superuser=True)
    page = policy_page()
    publish(page, user=user)
    record = PolicyVersion.objects.get().record
    user.delete()
    page.delete()

    stored = PolicyVersion.objects.get()
    assert (stored.publisher, stored.page) == (None, None)
    assert stored.record == record


def test_rows_can_be_loaded_where_there_are_none() -> None:
    made = version(policy())
    dump = (
        serializers.serialize("json", [made])
        .replace(f'"pk": {made.pk}', '"pk": 12345')
        .replace('"number": 1', '"number": 2')
        .replace('"previous_sha256": ""', '"previous_sha256": "x"')
        .replace(f'"ledger_entry": {made.ledger_entry_id}', '"ledger_entry": null')
    )

    next(serializers.deserialize("json", dump)).save()

    assert PolicyVersion.objects.filter(pk=12345).exists()
