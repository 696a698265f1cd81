"""`check_payments`: what trips people on the first day, each found at the sandbox, and nothing left behind."""

from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from home.models import WorkerHeartbeat
from store.models import Order, StripeEvent
from store.payments import checklist, stripe_client, stripe_clock
from tests.store import paying
from tests.store.checklist import said
from tools.stripe_sandbox.server import Sandbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def sandbox(settings: Any) -> Iterator[Sandbox]:
    settings.SITE_URL = "http://127.0.0.1:8000"
    with paying.stand_in(settings) as running:
        running.webhook_url = settings.SITE_URL + paying.WEBHOOK
        yield running


@pytest.fixture(autouse=True)
def worker(db: None) -> None:
    WorkerHeartbeat.beat()


@pytest.fixture
def events_arrive(sandbox: Sandbox, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each event reach the shop while the check waits for it."""

    def carry(_seconds: float) -> None:
        waiting = sandbox.deliveries.waiting()
        with sandbox.storage.transaction() as db:
            bodies = [db.find(event) for event in waiting]
        for body in bodies:
            paying.post_event(client, body, sandbox.webhook_secret)

    monkeypatch.setattr(checklist, "sleep", carry)


@pytest.mark.usefixtures("events_arrive")
def test_where_all_is_right_it_says_so_and_leaves_nothing_behind(sandbox: Sandbox) -> None:
    wrong, words = said()
    assert wrong == 0, words
    assert "✓ Stripe’s event came, and its signature is right." in words
    assert (
        "· These methods hold the goods for days, until the bank has decided: bacs_debit, customer_balance."
        in words
    )
    assert [session["status"] for session in paying.sessions(sandbox)] == ["expired"]
    assert not Order.objects.exists()
    assert StripeEvent.objects.get().outcome == StripeEvent.Outcome.FOREIGN


@pytest.mark.usefixtures("events_arrive")
@pytest.mark.parametrize(
    ("lacking", "name"),
    [
        ("sessions_write", "Checkout Sessions: Write"),
        ("sessions_read", "Checkout Sessions: Read"),
        ("payment_intents_read", "PaymentIntents: Read"),
        ("refunds_read", "Charges and Refunds: Read"),
        ("refunds_write", "Charges and Refunds: Write"),
        ("disputes_read", "Disputes: Read"),
    ],
)
def test_a_permission_that_a_restricted_key_lacks_is_named(
    sandbox: Sandbox, settings: Any, lacking: str, name: str
) -> None:
    settings.STRIPE_SECRET_KEY = f"rk_test_without_{lacking}"
    wrong, words = said()
    assert (wrong, f"✗ The key lacks the permission “{name}”." in words) == (1, True), words


@pytest.mark.usefixtures("events_arrive")
def test_a_key_that_may_not_see_webhook_endpoints_is_enough(sandbox: Sandbox, settings: Any) -> None:
    settings.STRIPE_SECRET_KEY = "rk_test_without_webhook_endpoints_read"
    wrong, words = said()
    assert (wrong, "· The key lacks the permission “Webhook Endpoints: Read”." in words) == (0, True), words


@pytest.mark.usefixtures("events_arrive")
@pytest.mark.parametrize("currency", ["HUF", "CZK", "JPY", "KWD", "ISK"])
def test_a_page_can_be_opened_in_every_currency(sandbox: Sandbox, settings: Any, currency: str) -> None:
    settings.CURRENCY = currency
    wrong, words = said()
    assert (wrong, "✓ A payment page can be opened." in words) == (0, True), words


def test_a_key_that_is_none_ends_it(sandbox: Sandbox, settings: Any) -> None:
    settings.STRIPE_SECRET_KEY = "sk_test_!"
    wrong, words = said()
    assert wrong == 1
    assert "✗ Stripe does not know the key in STRIPE_SECRET_KEY." in words


@pytest.mark.usefixtures("events_arrive")
def test_a_missing_endpoint_and_events_that_are_not_sent_are_named(sandbox: Sandbox) -> None:
    sandbox.account.enabled_events = ["checkout.session.*"]
    wrong, words = said()
    missing = (
        "charge.dispute.closed, charge.dispute.created, charge.dispute.funds_reinstated, "
        "charge.dispute.funds_withdrawn, charge.dispute.updated, charge.refund.updated, charge.refunded, "
        "refund.created, refund.failed, refund.updated"
    )
    assert (wrong, f"✗ The webhook endpoint does not send these events: {missing}." in words) == (1, True)
    sandbox.webhook_url = "https://elsewhere.example/stripe/webhook/"
    wrong, words = said()
    assert (wrong, "✗ Stripe has no webhook endpoint http://127.0.0.1:8000/stripe/webhook/." in words) == (
        1,
        True,
    )
    assert "checkout.session.completed" in words


@pytest.mark.both_databases
def test_events_that_never_come_are_found(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checklist, "PATIENCE", 0.0)
    wrong, words = said()
    assert (wrong, "✗ No event with a right signature came within 0 s." in words) == (1, True)
    assert "set STRIPE_WEBHOOK_SECRET" in words


@pytest.mark.usefixtures("events_arrive")
def test_a_domain_of_ones_own_for_payment_pages_must_be_named_to_browsers(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stripe_client, "checkout_origin", lambda: "https://checkout.stripe.com")
    wrong, words = said()
    assert (wrong, f"Set STRIPE_CHECKOUT_ORIGIN={sandbox.url}, and restart the site." in words) == (1, True)


def test_the_form_may_lead_to_the_domain_of_ones_own(settings: Any) -> None:
    settings.STRIPE_API_URL = ""
    assert stripe_client.checkout_origin() == "https://checkout.stripe.com"
    settings.STRIPE_CHECKOUT_ORIGIN = "https://pay.example.com"
    assert stripe_client.checkout_origin() == "https://pay.example.com"


def test_a_stripe_that_does_not_answer_is_said_in_a_line(settings: Any) -> None:
    settings.STRIPE_API_URL = "http://127.0.0.1:9"
    wrong, words = said()
    assert (wrong, "✗ Stripe opened no payment page" in words) == (1, True)


@pytest.mark.usefixtures("events_arrive")
def test_after_stripes_clock_jumped_a_page_can_be_opened_and_the_clock_is_named(sandbox: Sandbox) -> None:
    stripe_clock.measure()
    sandbox.account.ahead = 7230
    wrong, words = said()
    assert "✓ A payment page can be opened." in words
    assert (wrong, "✗ Clock of this machine: It is 2\xa0hours" in words) == (1, True), words


@pytest.mark.usefixtures("events_arrive")
def test_a_clock_that_stops_no_payment_is_not_said_to(sandbox: Sandbox) -> None:
    sandbox.account.ahead = 7230
    with pytest.raises(CommandError) as error:
        call_command("check_payments", stdout=StringIO())
    assert str(error.value) == "1 problem. Do what it says above, then run this again."
