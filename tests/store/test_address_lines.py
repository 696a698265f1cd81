"""A postal address as the lines of a label."""

import pytest

from store.orders.addresses import address_lines


@pytest.mark.parametrize(
    ("town", "line"),
    [
        ({"city": "Bonn", "postal_code": "53111", "country": "DE"}, "53111 Bonn"),
        ({"city": "Milano", "state": "MI", "postal_code": "20121", "country": "IT"}, "20121 Milano MI"),
        ({"city": "Bath", "postal_code": "BA1 1LT", "country": "GB"}, "Bath BA1 1LT"),
        ({"city": "Austin", "state": "TX", "postal_code": "78701", "country": "US"}, "Austin TX 78701"),
        ({"city": "Doha", "country": "QA"}, "Doha"),
        ({"postal_code": "53111", "country": "DE"}, "53111"),
    ],
)
def test_town_and_postal_code_stand_as_the_country_writes_them(town: dict[str, str], line: str) -> None:
    assert address_lines({"name": "Ann Other", "line1": "1 High Street", **town})[2] == line
