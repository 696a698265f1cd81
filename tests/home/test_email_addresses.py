"""E-mail addresses are compared in any case, and one that only looks like another is another."""

import pytest

from config import personal_data as accounts
from home.email_addresses import is_same_address, same_address
from home.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
LOOKALIKES = [
    ("alice@king.com", "alice@k\u0131ng.com"),
    ("alice@shop.com", "alice@\u017fhop.com"),
    ("kate@king.com", "\u212aate@king.com"),
]


@pytest.mark.parametrize(
    ("one", "other"), [("Ann@Example.com", "ann@example.COM "), ("Ännа@x.com", "Ännа@x.com")]
)
def test_an_address_is_found_in_any_case_of_ascii(one: str, other: str) -> None:
    User.objects.create_user(one)
    assert is_same_address(one, other)
    assert User.objects.filter(same_address(other)).count() == 1


@pytest.mark.every_case
@pytest.mark.parametrize(("address", "lookalike"), LOOKALIKES)
def test_a_lookalike_is_another_address(address: str, lookalike: str) -> None:
    for one, other in ((address, lookalike), (lookalike, address)):
        User.objects.all().delete()
        User.objects.create_user(one)
        assert not is_same_address(one, other)
        assert not User.objects.filter(same_address(other)).exists()
        assert list(accounts._export_accounts(other)) == []


def test_two_who_look_alike_both_sign_in() -> None:
    for address in LOOKALIKES[0]:
        User.objects.create_user(address)
    assert {User.objects.get_by_natural_key(one).email for one in LOOKALIKES[0]} == set(LOOKALIKES[0])
