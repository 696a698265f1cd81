"""`verify_policies` holds the accounts of a version against the names in its record, as far as that can be told."""

from datetime import timedelta

import pytest
from django.utils import timezone

from home.models import User
from policies.models import Policy, PolicyVersion
from tests.factories import policy, version
from tests.policies.verifying import failure, run, sql

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

ROLES = ("publisher", "approver")


def person(first: str, last: str = "") -> User:
    return User.objects.create_user(f"{first}.{last}@example.com", "x", first_name=first, last_name=last)


@pytest.fixture
def editor() -> User:
    return person("Ed", "Itor")


@pytest.fixture
def lawyer() -> User:
    return person("Lena", "Law")


@pytest.fixture
def rules(editor: User, lawyer: User) -> Policy:
    rules = policy()
    version(rules, publisher=editor, approver=lawyer)
    return rules


def link(role: str, account: User | int) -> None:
    key = account if isinstance(account, int) else account.pk
    sql(f"UPDATE policies_policyversion SET {role}_id = %s", key)  # noqa: S608


@pytest.mark.parametrize(
    ("role", "other", "name"), [("publisher", "lawyer", "Ed Itor"), ("approver", "editor", "Lena Law")]
)
def test_the_account_of_a_colleague_is_found(
    rules: Policy, request: pytest.FixtureRequest, role: str, other: str, name: str
) -> None:
    link(role, request.getfixturevalue(other))

    assert f"version 1 is broken: column {role} names another account than that of “{name}”" in failure()


@pytest.mark.parametrize("role", ROLES)
def test_an_account_where_the_record_names_nobody_is_found(editor: User, role: str) -> None:
    version(policy())
    link(role, editor)

    assert f"version 1 is broken: column {role} names an account, the record nobody" in failure()


@pytest.mark.parametrize("role", ROLES)
def test_an_account_that_was_made_afterwards_is_found(rules: Policy, role: str) -> None:
    link(role, person("New", "Hire"))

    assert f"column {role} names an account that is younger than the version" in failure()


@pytest.mark.both_databases
@pytest.mark.parametrize("role", ROLES)
def test_an_account_that_never_was_is_found(rules: Policy, role: str) -> None:
    link(role, 12345)  # PostgreSQL takes it until the transaction ends
    said = failure()
    sql(f"UPDATE policies_policyversion SET {role}_id = NULL")  # noqa: S608 - the end of the test looks at keys

    assert f"column {role} names an account that does not exist" in said


# --- What happens to accounts is no damage -----------------------------------------------------------------
def test_an_account_that_was_renamed_is_no_damage(rules: Policy, lawyer: User) -> None:
    User.objects.filter(pk=lawyer.pk).update(last_name="Lawrence")

    run()


@pytest.mark.both_databases
def test_an_account_whose_old_name_somebody_else_bears_since_is_no_damage(
    rules: Policy, lawyer: User
) -> None:
    User.objects.filter(pk=lawyer.pk).update(last_name="Lawrence")
    User.objects.create_user("lena2@example.com", "x", first_name="Lena", last_name="Law")

    run()


def test_two_people_of_one_name_are_no_damage(editor: User) -> None:
    User.objects.create_user("ed2@example.com", "x", first_name="Ed", last_name="Itor")
    version(policy(), publisher=editor)

    run()


def test_an_account_that_was_deleted_is_no_damage(rules: Policy) -> None:
    User.objects.all().delete()

    assert PolicyVersion.objects.get().publisher_id is None
    run()


@pytest.mark.both_databases
def test_people_without_a_name_are_no_damage_when_they_get_one() -> None:
    joined = timezone.now() - timedelta(days=9)
    nameless = User.objects.create_user("a@example.com", "x", date_joined=joined)
    User.objects.create_user("b@example.com", "x", first_name="Editor", date_joined=joined)
    version(policy(), publisher=nameless)
    User.objects.filter(pk=nameless.pk).update(first_name="Ann")

    assert PolicyVersion.objects.get().publisher_name == "Editor"
    run()
