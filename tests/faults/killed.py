"""What is done in processes that are killed, and what the next ones find; called in the editor's process."""

import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import time_machine
from django.conf import settings
from django.core.management import call_command
from django.db.models import F, Sum
from django.test import Client, override_settings
from django.utils import timezone
from post_office.models import Email

from config.management.commands import worker
from home import mail_queue
from policies.importing import files
from policies.models import LedgerEntry, LedgerHead, Policy, PolicyPage
from store.models import Basket, Document, DocumentCounter, Order, ShopSettings, StockItem, StockMovement
from store.payments import refunds
from store.payments.reconciliation import reconcile
from tests import factories
from tests.store import paying

RULES = "house-rules"
STOCK = 1000


def fill() -> None:
    factories.publish(factories.policy_page(), body="<p>Be kind.</p>")
    factories.shipping()
    factories.product(on_hand=STOCK)
    factories.vat(GB=20)


# --- A policy ---------------------------------------------------------------------------------------------------
def publish(words: str) -> None:
    """Publish a version; once more changes nothing."""
    factories.publish(PolicyPage.objects.get(slug=RULES), body=f"<p>{words}</p>")


def versions(words: str) -> int:
    return sum(words in version.html for version in Policy.objects.get(slug=RULES).versions.all())


def in_force() -> str:
    return Policy.objects.get(slug=RULES).in_force().html


def verify() -> str:
    """Return what verify_policies says; it fails where it finds anything."""
    said = io.StringIO()
    call_command("verify_policies", stdout=said, stderr=said)
    return said.getvalue()


def import_all(slug: str, folder: str) -> dict[str, int]:
    """Import the files of a folder; return how many became what."""
    outcomes = list(files.import_files(sorted(Path(folder).iterdir()), slug=slug))
    return {result: sum(one.result == result for one in outcomes) for result in files.Result}


def dates(slug: str) -> list[str]:
    found = Policy.objects.filter(slug=slug).first()
    moments = found.versions.order_by("number").values_list("effective_at", flat=True) if found else []
    return [f"{timezone.localtime(moment):%F}" for moment in moments]


def has_page(slug: str) -> bool:
    return PolicyPage.objects.filter(policy__slug=slug, slug=slug).count() == 1


# --- The worker ---------------------------------------------------------------------------------------------------
def work(mail_port: int = 0, hours: float = 0.0) -> str:
    """Let the worker do each of its jobs once, some hours from now."""
    said = io.StringIO()
    smtp = {"default": "django.core.mail.backends.smtp.EmailBackend"}
    mail: dict[str, Any] = {"POST_OFFICE": {**settings.POST_OFFICE, "BACKENDS": smtp}} if mail_port else {}
    when = timezone.now() + timedelta(hours=hours)
    with override_settings(EMAIL_HOST="127.0.0.1", EMAIL_PORT=mail_port, **mail), time_machine.travel(when):
        call_command("worker", "--once", stdout=said)
    return said.getvalue()


def seal() -> None:
    """Do one job of the worker."""
    worker.Command().run_job(
        next(job for job in worker.contributed_jobs() if job.name == "sealing the ledger")
    )


def queue_mail(subject: str) -> None:
    mail_queue.queue(to=["owner@example.com"], subject=subject, text="Hello")


def forget_mail() -> None:
    Email.objects.all().delete()


def ledger() -> dict[str, int]:
    """Return how many entries there are, how many are sealed, and how many the heads say are."""
    entries = LedgerEntry.objects
    last = LedgerHead.objects.latest("number").last_position
    return {"all": entries.count(), "sealed": entries.exclude(position=None).count(), "said": last}


# --- The shop -----------------------------------------------------------------------------------------------------
def new_basket() -> str:
    return factories.basket(MUG=2).token


def form_of(token: str) -> dict[str, str]:
    """Return what the review page's form sends."""
    return paying.shown(Basket.objects.get(token=token))


def press_pay(token: str) -> dict[str, Any]:
    """Press the button; return where it leads."""
    client = Client(SERVER_NAME="127.0.0.1")
    client.cookies["basket"] = token
    response = paying.press_pay(client, Basket.objects.get(token=token))
    return {"status": response.status_code, "to": response.headers.get("Location", "")}


def receive(payload: str, signature: str) -> int:
    """Take a webhook, as the web server does."""
    headers = {"Stripe-Signature": signature}
    client = Client(SERVER_NAME="127.0.0.1")
    return client.post(paying.WEBHOOK, payload, content_type="application/json", headers=headers).status_code


def ask_stripe(minutes: float = 2) -> None:
    """Do the worker's job of payments, as it will do it some minutes from now."""
    reconcile(now=timezone.now() + timedelta(minutes=minutes))


def refund(token: str) -> None:
    """Refund one mug of a basket's order."""
    order = Order.objects.get(basket__token=token, status=Order.Status.PAID)
    wanted = refunds.Wanted(lines={order.lines.get().pk: 1})
    refunds.request_refund(order=order, wanted=wanted, by="Staff")


def refunded(token: str) -> dict[str, Any]:
    """Return what is known of the refunds of a basket's order, of which one mug was taken back."""
    order = Order.objects.get(basket__token=token, status=Order.Status.PAID)
    return {
        "refunds": list(order.refunds.values_list("amount", "status", "refund_id")),
        "left": order.refundable,
        "intent": order.payment_intent_id,
        "mails": Email.objects.filter(subject__contains=order.number).count(),
        "papers": order.documents.count(),
        "returned": sum(
            order.stock_movements.filter(kind="returned").values_list("on_hand_change", flat=True)
        ),
    }


def orders(token: str) -> list[dict[str, Any]]:
    """Return what became of the orders of a basket."""
    return [
        {
            "status": order.status,
            "session": order.session_id,
            "sales": paying.sales(order),
            "mails": Email.objects.filter(subject__contains=order.number).count(),
            "papers": order.documents.count(),
        }
        for order in Order.objects.filter(basket__token=token).order_by("pk")
    ]


def papers() -> dict[str, Any]:
    """Return the numbers of invoices and credit notes, and which there should be."""
    counted = DocumentCounter.objects.values_list("series", "last_number")
    prefixes = ShopSettings.objects.get().prefixes
    return {
        "numbers": sorted(Document.objects.values_list("number", flat=True)),
        "counted": sorted(
            f"{prefixes[series]}{number:06}" for series, last in counted for number in range(1, last + 1)
        ),
    }


def stock() -> dict[str, int]:
    """Return what the shelf says, what its movements add up to, and what waiting orders hold."""
    item = StockItem.objects.get(sku="MUG")
    moved = StockMovement.objects.filter(sku="MUG").aggregate(
        on_hand=Sum("on_hand_change"), held=Sum("held_change")
    )
    waiting = Order.objects.filter(status__in=Order.AWAITING_PAYMENT).aggregate(n=Sum(F("lines__quantity")))
    return {
        "on_hand": item.on_hand,
        "held": item.held,
        "moved_on_hand": moved["on_hand"],
        "moved_held": moved["held"],
        "waiting": waiting["n"] or 0,
    }
