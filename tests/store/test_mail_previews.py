"""The staff's page of the e-mails about orders: each is shown, made from an order or an invented one; none is sent."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.utils import timezone
from post_office.models import Email
from wagtail.models import Site

from home.models import User
from policies.models import Policy
from store.models import MailWording, Order, Refund
from store.orders import mail_previews
from store.orders.words import WORDS
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
URL = "/admin/orders/mails/"


def shown(client: Client, kind: str) -> str:
    response = client.get(URL, {"mail": kind})
    assert response.status_code == 200
    return response.content.decode()


def test_every_mail_is_shown_of_an_invented_order_and_nothing_is_sent_or_saved(admin_client: Client) -> None:
    for kind, label in mail_previews.kinds().items():
        page = shown(admin_client, kind)
        assert f'<a href="?mail={kind}" aria-current="page">{label}</a>' in page
        assert "Made up as an example" in page
        assert 'srcdoc="&lt;!doctype html&gt;' in page
        assert '<iframe sandbox="allow-same-origin"' in page  # which lets no script run
    assert not any(model.objects.exists() for model in (Order, Refund, Email))


def test_the_mails_to_the_trader_and_the_link_to_orders_are_shown_without_being_sent(
    admin_client: Client,
) -> None:
    page = " ".join(shown(admin_client, "new").split())
    assert '<h2>To the trader</h2> <ul> <li> <a href="?mail=new" aria-current="page">A new order</a>' in page
    for kind, words in {
        "new": "is paid and can be packed.",
        "decision": "needs your decision",
        "attention": "Still not paid after ten days.",
        "shopper-cancelled": "the shopper has cancelled it",
        "shopper-address": "1 Example Street",
        "failed-refund": "£5.00",
        "dispute": "the dispute of its payment",
        "low-stock": "5 × Enamel mug (MUG-BLUE)",
        "problem": "There is a problem with payments: Connection to Stripe",
        "no-problem": "The problems with payments are over",
        "link": "/orders/find/0",
    }.items():
        page = shown(admin_client, kind)
        assert words in page, kind
        assert "<iframe" not in page
    assert set(mail_previews.PLAIN) == {
        kind for group in mail_previews.groups().values() for kind in group
    } - set(mail_previews.kinds())
    assert not any(model.objects.exists() for model in (Order, Refund, Email))


def test_every_state_that_is_told_by_mail_can_be_shown() -> None:
    assert {state for state, words in WORDS.items() if words.subject} == set(mail_previews.STATUSES)


def test_a_mail_is_made_from_the_newest_order_of_its_kind(admin_client: Client) -> None:
    factories.shipping()
    factories.product()
    terms = factories.version(factories.policy("terms", kind=Policy.Kind.TERMS))
    order = factories.placed_order(factories.basket(MUG=2), terms=terms)
    paid = {"paid_at": timezone.now(), "paid_amount": 2895, "paid_currency": "GBP"}
    Order.objects.update(status=Order.Status.PAID, **paid)
    page = shown(admin_client, "paid")
    assert f"Made from order {order.number}" in page
    assert "2 × Enamel mug" in page
    assert "Made up as an example" in shown(admin_client, "new")
    assert "Attached: terms-version-1.txt" in page
    assert "Made up as an example" in shown(admin_client, "sent")
    order.refunds.create(amount=500, status="pending", by="Staff", created_at=timezone.now())
    assert f"£5.00 of your order {order.number}" in shown(admin_client, "refund-pending")
    assert not Email.objects.exists()


def test_the_list_says_of_which_mail_the_words_were_changed(admin_client: Client) -> None:
    assert "Changed" not in shown(admin_client, "paid")
    MailWording.objects.create(site=Site.objects.get(), words={"paid_opening": "Hello"})
    page = " ".join(shown(admin_client, "sent").split())
    assert page.count("Changed") == 1
    assert 'href="?mail=paid">Paid</a> <span class="pill pill--to-do">Changed</span>' in page


def test_a_mail_that_does_not_exist_is_not_found(admin_client: Client) -> None:
    for kind in ("packed", "refund-requested", "%00", "x" * 3000):
        assert admin_client.get(URL, {"mail": kind}).status_code == 404


@pytest.mark.parametrize("may_see", [True, False])
def test_who_sees_orders_sees_their_mails(client: Client, may_see: bool) -> None:
    group = Group.objects.create(name="Some")
    group.permissions.add(Permission.objects.get(codename="access_admin"))
    if may_see:
        group.permissions.add(Permission.objects.get(codename="view_order"))
    user = User.objects.create_user("staff@example.com")
    user.groups.add(group)
    client.force_login(user)
    response = client.get(URL)
    assert (response.status_code == 200) == may_see
    assert ("E-mails about orders" in response.content.decode()) == may_see
