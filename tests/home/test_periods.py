"""Periods in words, as pages say how long something is kept."""

import pytest

from home.templatetags.time_tags import period


@pytest.mark.parametrize(
    ("days", "words"),
    [
        *((1, "1 day"), (364, "364 days"), (365, "1 year"), (366, "1 year"), (400, "400 days")),
        *((1095, "3 years"), (1461, "4 years"), (1462, "1462 days"), (3650, "10 years"), (3653, "10 years")),
    ],
)
def test_whole_years_are_told_as_years(days: int, words: str) -> None:
    assert period(days) == words
