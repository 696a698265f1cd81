"""A staging copy of orders that were paid, refunded, corrected, found again and told: nothing real stays anywhere."""

from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from home import mail_queue
from store.documents import corrections, issuing, printing
from store.models import Document, Order
from store.orders import lifecycle
from store.payments import refunds
from tests import factories
from tests.config.raw_tables import where
from tests.store.finding import use
from tests.store.paying import settle
from tools.stripe_sandbox.server import Sandbox

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
MAIL = "quagmire@example.org"
NEW = {
    "name": "Quagmire",
    "line1": "2 Quagmire Road",
    "city": "Bonn",
    "postal_code": "53111",
    "country": "GB",
}


@pytest.fixture(autouse=True)
def _staging(settings: Any, tmp_path: Path) -> None:
    settings.STAGING = True
    private = {**settings.STORAGES["private"], "OPTIONS": {"location": str(tmp_path)}}
    settings.STORAGES = {**settings.STORAGES, "private": private}


def test_nothing_real_of_a_shopper_stays(sandbox: Sandbox, client: Client, admin_user: Any) -> None:
    factories.shipping()
    factories.product()
    factories.vat(GB=20)
    order = factories.awaiting_order(email=MAIL)
    typed = dict.fromkeys(("card_name", "delivery_name", "delivery_line1", "delivery_city"), "Quagmire")
    sandbox.pay(order.session_id, **typed)
    settle(order)
    lifecycle.correct_address(order_id=order.pk, address=NEW, by="shopper")
    corrections.correct_billing_address(order_id=order.pk, address=NEW, actor=admin_user)
    wanted = refunds.Wanted(amount=100, reason="Quagmire was late.")
    refunds.request_refund(order=order, wanted=wanted, by="Glen Quagmire", actor=admin_user)
    path = use(client, MAIL)
    mail_queue.send_due()
    printing.print_missing()
    order.refresh_from_db()
    secrets = [order.token, order.return_token, order.session_url, path.split("/")[-2], MAIL]
    words = ["Quagmire", *filter(None, secrets)]
    assert {"store_order", "store_document", "post_office_email"} <= where(*(one.encode() for one in words))
    files = [one.pdf for one in Document.objects.all()]
    assert all(file.storage.exists(file.name) for file in files)
    call_command("staging_copy")
    assert where(*(one.encode() for one in words)) == set()
    assert not any(file.storage.exists(file.name) for file in files)
    assert client.get(f"/orders/{order.token}/").status_code == 404
    assert client.get("/orders/found/").status_code == 302
    order = Order.objects.get()
    assert issuing.paper_of(order.documents.first()).buyer[0] == "A shopper"
