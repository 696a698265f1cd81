"""At once: what shoppers do with their orders while others act on them, on a database with real locks."""

import threading

import pytest
from django.test import Client
from django.utils import timezone
from post_office.models import Email

from store.models import FindLink, ProductVariant
from store.orders import finding
from tests import factories
from tests.store.at_once import at_once
from tests.store.test_finding_orders import KNOWN, ask, link_in

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def mug(db: None) -> ProductVariant:
    factories.shipping()
    return factories.product()


# --- One link ----------------------------------------------------------------------------------------------
def two_use_one_link() -> list[int]:
    factories.placed_order(factories.basket(MUG=1), email=KNOWN)
    ask(Client())
    path = link_in()
    browsers = [Client(), Client()]
    answers = at_once(*(lambda one=one: one.post(path) for one in browsers))
    return sorted(answer.status_code for answer in answers)


def test_of_two_who_use_one_link_one_sees_the_orders(mug: ProductVariant) -> None:
    assert two_use_one_link() == [303, 410]


def test_without_the_condition_both_would(mug: ProductVariant, monkeypatch: pytest.MonkeyPatch) -> None:
    """A look before the leap: both see a link that works."""
    seen = threading.Barrier(2)

    def look_then_leap(link: FindLink) -> bool:
        seen.wait(20)
        FindLink.objects.filter(pk=link.pk).update(used_at=timezone.now())
        return link.works

    monkeypatch.setattr(finding, "use", look_then_leap)
    assert two_use_one_link() == [303, 303]


def test_two_workers_send_one_link(mug: ProductVariant) -> None:
    factories.placed_order(factories.basket(MUG=1), email=KNOWN)
    ask(Client())
    assert at_once(finding.send_links, finding.send_links) == [None, None]
    assert Email.objects.count() == 1
