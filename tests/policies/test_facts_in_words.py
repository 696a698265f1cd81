"""Live facts in a comparison: whatever their shape, they are told in words, never as they are stored."""

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from policies.facts import changes, drift, registry
from policies.models import PolicyVersion, Recipient
from policies.models.pages import NOTICE_FIELDS
from tests.factories import declare_cookies, outside_services, policy, version

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
PAGES = [f"/house-rules/compare/1/2/{way}" for way in ("", "side-by-side/", "list/")]
# No letter of JSON's own words, so that these cannot come from the data.
LETTERS = st.text("XYZ ", max_size=6)
KEYS = LETTERS | st.sampled_from(
    ["name", "key", "label", "days", "cookies", "is_required", "varname", "phone"]
)
DATA = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | LETTERS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)


def sentences(old: Any, new: Any) -> str:
    """What a comparison says of two versions with these facts."""
    told = drift.changes_between(
        *(SimpleNamespace(number=1, readable_content={"facts": f}) for f in (old, new))
    )
    return " ".join(word for label, words in told for word in (label, *words))


@given(DATA, DATA)
def test_facts_of_any_shape_are_never_told_as_json(old: Any, new: Any) -> None:
    said = " ".join(
        [sentences(old, new), sentences({"company": old}, {"company": new}), *changes.describe(old, new)]
    )

    for json_only in ("{", "}", "[", "]", '"', "null", "None", "True", "False", "true", "false"):
        assert json_only not in said


@given(DATA, DATA)
def test_something_is_said_exactly_where_facts_differ(old: Any, new: Any) -> None:
    assert bool(sentences({"company": old}, {"company": new})) == (old != new)


def test_a_fact_that_was_not_stated_before_is_told_entry_by_entry() -> None:
    assert changes.describe(None, {"name": "Jomso", "phone": "", "country": "UK"}) == [
        "name: “Jomso” added",
        "country: “UK” added",
    ]
    assert changes.describe([{"name": "Stripe"}, {"name": "Maps"}], None) == [
        "Stripe removed",
        "Maps removed",
    ]


def test_data_in_data_is_put_in_words() -> None:
    assert changes.describe({"x": 1}, {"x": {"days": 3, "names": ["a", "b"], "none": []}}) == [
        "x: 1 became kept: 3, names: “a”; “b”, none: nothing"
    ]


@pytest.mark.parametrize(
    ("fact", "old", "new", "words"),
    [
        ("recipients", {"data": "Name"}, {"data": "Street"}, "which data: “Name” became “Street”"),
        ("recipients", {"contract": "A"}, {"contract": "B"}, "contract: “A” became “B”"),
        ("services", {"category": "media"}, {"category": "ads"}, "category: “media” became “ads”"),
        ("cookies", {"party": "first"}, {"party": "third"}, "set by: “this site” became “a third party”"),
        ("cookies", {"storage": ""}, {"storage": "local"}, "kind: “local storage” added"),
        ("cookies", [1], [{"storage": "session"}], "kind: “session storage” added"),
        ("services", {"origins": ["a"]}, {"origins": ["a", "b"]}, "servers: “b” added"),
        ("notice", {"accept_label": "OK"}, {"accept_label": "Yes"}, "“accept all” button: “OK” became “Yes”"),
    ],
)
def test_what_changed_is_called_as_in_the_admin(fact: str, old: Any, new: Any, words: str) -> None:
    assert words in sentences({fact: old}, {fact: new})


def test_every_part_of_a_fact_has_words_of_its_own() -> None:
    set_up_everything()
    facts = {key: registry.state(key) for key in registry.facts()}
    parts = {name for data in facts.values() for name in _names(data)} | set(NOTICE_FIELDS.values())

    assert {"phone", "contract", "origins", "what", "accept_label"} <= parts
    assert parts - {"key"} - changes._LABELS.keys() == set()


def set_up_everything() -> None:
    """Declare one of each kind that facts tell of."""
    outside_services(allow_openstreetmap=True, embeds_category=declare_cookies("media"))
    Recipient.objects.create(name="Carrier", data="Street", purpose="Delivery", country="UK", contract="A")


def _names(data: Any) -> set[str]:
    inner = list(data.values()) if isinstance(data, dict) else data if isinstance(data, list) else []
    return set(data if isinstance(data, dict) else ()).union(*map(_names, inner))


def test_facts_that_lie_deeper_than_any_are_only_said_to_have_changed() -> None:
    deep: Any = 1
    for _level in range(5_000):
        deep = [deep]
    assert changes.describe(deep, "x") == ["changed"]


@pytest.mark.parametrize("url", PAGES)
def test_a_fact_of_an_app_that_is_gone_is_named_so(client: Client, url: str) -> None:
    rules = policy()
    version(rules, at=NOON, facts={"loyalty.points": {"days": 30}})
    version(rules, at=NOON + timedelta(1), facts={"loyalty.points": {"days": 90}})

    shown = client.get(url).content.decode()
    assert "loyalty.points (no longer stated by this site)" in shown
    assert "kept: 30 days became 90 days" in shown


@pytest.mark.parametrize("facts", [None, [], "facts", 7, [{"name": "x"}]])
@pytest.mark.parametrize("url", PAGES)
def test_facts_that_cannot_be_read_are_said_to_be_unreadable(client: Client, url: str, facts: Any) -> None:
    rules = policy()
    version(rules, at=NOON, facts={"company": {"name": "Jomso"}})
    damage(version(rules, html="<p>Be kinder.</p>", at=NOON + timedelta(1)), facts)

    response = client.get(url)
    assert response.status_code == 200
    assert "The facts of version 2 cannot be read." in response.content.decode()


def damage(frozen: PolicyVersion, facts: Any) -> None:
    """Write other facts into a record, past the models."""
    record = json.dumps({**frozen.content, "facts": facts})
    with connection.cursor() as cursor:
        cursor.execute("UPDATE policies_policyversion SET record = %s WHERE id = %s", [record, frozen.pk])
