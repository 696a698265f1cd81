"""The e-mails about an order: the same facts as text and as HTML, nothing from elsewhere, and the texts agreed to."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail as django_mail
from django.db.models import QuerySet
from django.utils import timezone
from post_office.models import Attachment, Email
from wagtail.models import Site

from home import mail_queue
from home.models import User
from policies.models import Policy, PolicyVersion
from store.models import MailWording, Order, Refund
from store.orders import emails, lifecycle
from tests import factories
from tests.visible_text import words_of

pytestmark = pytest.mark.django_db
Status = Order.Status


@pytest.fixture(scope="module")
def order_of_module(shelf: int) -> int:
    terms = factories.version(
        factories.policy("terms", kind=Policy.Kind.TERMS), title="Terms of sale", html="<p>Send it back.</p>"
    )
    privacy = factories.version(factories.policy("privacy", kind=Policy.Kind.PRIVACY), title="Privacy")
    order = factories.placed_order(factories.basket(MUG=2), terms=terms, privacy=privacy)
    address = {"name": "Demo <shopper>", "line1": "1 Example Street", "city": "Exampleton", "country": "GB"}
    order.shipping_address = address
    order.paid_amount, order.paid_currency, order.paid_at = order.total, "GBP", timezone.now()
    order.save()
    return order.pk


@pytest.fixture
def order(order_of_module: int, db: None) -> Order:
    return Order.objects.get(pk=order_of_module)


def refunded(order: Order, status: str = Refund.Status.PENDING, **fields: Any) -> Email:
    refund = order.refunds.create(amount=500, status=status, by="Staff", created_at=timezone.now(), **fields)
    return emails.order_refunded(order, refund)


def in_status(status: str, tell: Callable[[Order], Email], **fields: Any) -> Callable[[Order], Email]:
    def send(order: Order) -> Email:
        for name, value in fields.items():
            setattr(order, name, value)
        order.status = status
        order.save()
        return tell(order)

    return send


def cancelled(refund: str) -> Callable[[Order], Email]:
    """Cancel an order of which all was refunded before."""

    def tell(order: Order) -> Email:
        order.refunds.create(amount=order.paid_amount, status=refund, by="Staff", created_at=timezone.now())
        return in_status(Status.CANCELLED, emails.order_cancelled)(order)

    return tell


MAILS: dict[str, tuple[Callable[[Order], Email], list[str]]] = {
    "paid": (
        in_status(Status.PAID, emails.order_paid),
        ["Your order is paid", "2 × Enamel mug", "£12.50 each", "£28.95", "1 Example Street", "14 days"],
    ),
    "under way": (
        in_status(Status.PROCESSING, emails.order_under_way, paid_at=None),
        ["The payment is under way", "2 × Enamel mug", "£28.95"],
    ),
    "how to pay": (
        in_status(
            Status.PROCESSING, emails.order_under_way, paid_at=None, pay_url="https://pay.stripe.com/1"
        ),
        ["Please pay it now", "Transfer £28.95", "https://pay.stripe.com/1"],
    ),
    "in review": (in_status(Status.REVIEW, emails.order_in_review), ["does not match your order", "£28.95"]),
    "declined": (
        in_status(Status.FAILED, emails.order_failed, paid_at=None),
        ["Your payment was declined", "£28.95"],
    ),
    "sent": (
        in_status(Status.SENT, emails.order_sent, delivery_time="2 to 4 working days"),
        [
            "Your order is on its way",
            "Delivery takes 2 to 4 working days.",
            "1 Example Street",
            "2 × Enamel mug",
        ],
    ),
    "cancelled": (cancelled("succeeded"), ["Nothing will be sent", "−£28.95"]),
    "cancelled, refund waits": (cancelled("action"), ["Nothing will be sent", "answer it"]),
    "refunded": (
        lambda order: refunded(order, reason="A chip", delivery=395),
        ["£5.00", "Reason: A chip", "Delivery", "£3.95", "−£5.00", "Paid, less what went back", "£23.95"],
    ),
    "needs you": (
        lambda order: refunded(order, Refund.Status.ACTION),
        ["Your refund is waiting for you", "£5.00", "asks you in an e-mail of its own for a bank account"],
    ),
}


@pytest.mark.parametrize("kind", MAILS)
def test_text_and_html_say_the_same(order: Order, kind: str) -> None:
    tell, facts = MAILS[kind]
    email = tell(order)
    text, html = " ".join(email.message.split()), words_of(email.html_message)
    assert "://" not in html, "its links are words"
    html += " ".join(re.findall(r'href="([^"]*)"', email.html_message))
    for words in (*facts, order.number, order.get_absolute_url()):
        assert words in text
        assert words in html
    assert email.subject.startswith("Your order")
    assert order.number in email.subject
    assert "\n\n\n\n" not in email.message
    message = email.email_message()
    assert [kind for _content, kind in message.alternatives] == ["text/html"]


@pytest.mark.parametrize("kind", MAILS)
def test_nothing_in_a_mail_comes_from_elsewhere_or_needs_a_style_sheet(
    settings: Any, order: Order, kind: str
) -> None:
    html = MAILS[kind][0](order).html_message
    assert not re.search(r"<(img|link|script|iframe|form|object|svg)\b|url\(|@import|\bsrc=", html)
    ours = (settings.SITE_URL, "mailto:", "https://pay.stripe.com/")
    assert all(url.startswith(ours) for url in re.findall(r'href="([^"]*)"', html))


def test_markup_in_names_products_and_reasons_is_words(order: Order) -> None:
    nasty = "<b>&</b> {% debug %} {{ order }}"
    order.lines.update(title=nasty)
    order.shipping_address |= {"line2": nasty}
    for email in (emails.order_paid(order), refunded(order, reason=nasty)):
        assert nasty in email.message
        assert "&lt;b&gt;&amp;&lt;/b&gt; {% debug %} {{ order }}" in email.html_message
        assert "<b>" not in email.html_message


def test_names_of_300_characters_in_any_script_stay_whole(order: Order) -> None:
    for word in ("Ωμέγα", "Щука", "שלום", "🫖"):
        name = (word * 300)[:300]
        order.shipping_address |= {"name": name}
        email = emails.order_sent(order)
        assert name in email.message
        assert name in email.html_message


def test_an_order_without_an_address_is_told_of_without_one(order: Order) -> None:
    order.shipping_address = {}
    email = emails.order_sent(order)
    assert "ADDRESS" not in email.message
    assert "Delivery address" not in email.html_message


def test_the_shopper_is_told_once_when_staff_mark_an_order_as_sent(order: Order) -> None:
    staff = User.objects.create_superuser("owner@example.com")
    Order.objects.update(status=Status.PACKED)
    lifecycle.take_staff_step(order_id=order.pk, to=Status.SENT, user=staff)
    with pytest.raises(lifecycle.IllegalTransitionError):
        lifecycle.take_staff_step(order_id=order.pk, to=Status.SENT, user=staff)
    email = Email.objects.get(to=order.email)
    assert email.subject == f"Your order {order.number} is on its way"
    assert "Delivery takes 2 to 4 working days." in email.message


def test_what_was_refunded_before_sending_is_told_with_it(order: Order) -> None:
    assert "YOUR PAYMENT" not in emails.order_sent(order).message
    refund = order.refunds.create(amount=500, status="succeeded", by="Staff", created_at=timezone.now())
    refund.lines.create(order_line=order.lines.get(), quantity=1, restock=False)
    email = emails.order_sent(order)
    assert "Paid, less what went back: £23.95" in email.message
    assert all("Refunded: 1 of 2" in text for text in (email.message, email.html_message))
    assert "£23.95" in email.html_message


# --- What is attached ------------------------------------------------------------------------------------
def test_the_confirmation_carries_the_frozen_texts_and_stores_none(order: Order, mailoutbox: list) -> None:
    emails.order_paid(order)
    mail_queue.send_due()
    (sent,) = django_mail.outbox
    files = {name: content for name, content, _kind in sent.attachments}
    assert list(files) == ["terms-version-1.txt", "privacy-version-1.txt"]
    terms = PolicyVersion.objects.get(policy__slug="terms")
    for words in ("Terms of sale, version 1", terms.sha256, terms.get_absolute_url(), "Send it back."):
        assert words in files["terms-version-1.txt"]
    assert "X-Shop-Attachments" not in sent.message()
    assert not Attachment.objects.exists()


def test_what_is_attached_is_what_was_recorded_then(order: Order, mailoutbox: list) -> None:
    emails.order_paid(order)
    policy = Policy.objects.get(slug="terms")
    factories.version(policy, title="Terms of sale", html="<p>Keep it.</p>")
    mail_queue.send_due()
    (sent,) = django_mail.outbox
    assert "Send it back." in sent.attachments[0][1]
    assert "Keep it." not in sent.attachments[0][1]


def test_a_damaged_record_holds_no_confirmation_back(
    order: Order, mailoutbox: list, caplog: pytest.LogCaptureFixture
) -> None:
    emails.order_paid(order)
    QuerySet(PolicyVersion).filter(policy__slug="terms").update(
        record="{}"
    )  # past the guard, as in the database
    mail_queue.send_due()
    (sent,) = django_mail.outbox
    files = {name: content for name, content, _kind in sent.attachments}
    assert list(files) == ["terms-version-1.txt", "privacy-version-1.txt"]
    assert "This text cannot be read at the moment." in files["terms-version-1.txt"]
    assert "Send it back." not in files["terms-version-1.txt"]
    assert "Terms of sale, version 1 cannot be attached" in caplog.text


def test_a_text_that_is_not_there_holds_no_confirmation_back(
    order: Order, mailoutbox: list, caplog: pytest.LogCaptureFixture
) -> None:
    emails.order_paid(order)
    QuerySet(Policy).filter(slug="terms").update(slug="moved")  # past the guard, as in the database
    mail_queue.send_due()
    (sent,) = django_mail.outbox
    assert [name for name, _content, _kind in sent.attachments] == ["privacy-version-1.txt"]
    assert "terms/1 cannot be attached" in caplog.text


# --- Who has not paid may be anybody -------------------------------------------------------------------------
@pytest.mark.parametrize("kind", ["paid", "under way", "how to pay", "declined"])
def test_before_an_order_is_paid_its_mails_carry_no_words_of_who_placed_it(order: Order, kind: str) -> None:
    texts = {"gift_message": "Call +1 555", "shopper_note": "or lose it", "customer_name": "Win a prize"}
    Order.objects.update(**texts)
    order.lines.update(text_label="Name", text="at example.org")
    order.refresh_from_db()
    words = {f"{state}_opening": "Dear {name}" for state in ("paid", "under_way", "transfer", "declined")}
    MailWording.objects.create(site=Site.objects.get(is_default_site=True), words=words, closing="Bye {name}")
    mail = MAILS[kind][0](order)
    for words in (*texts.values(), "at example.org"):
        assert (words in mail.message, words in mail.html_message) == (kind == "paid", kind == "paid"), words
