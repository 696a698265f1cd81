"""A trader's own words in e-mails to shoppers: they stand in place of ours, and never of what an order needs."""

from html import unescape

import pytest
from django.test import Client
from django.utils import timezone
from post_office.models import Email
from wagtail.models import ModelLogEntry, Site

from store.models import MailWording, Order
from store.orders import emails, mail_previews
from store.orders.wording import KINDS
from tests import factories
from tests.staff import signed_in
from tests.visible_text import words_of

pytestmark = pytest.mark.django_db
PREVIEW = "/admin/orders/mails/"


@pytest.fixture(scope="module")
def order_of_module(shelf: int) -> int:
    order = factories.placed_order(factories.basket(MUG=2))
    order.status, order.customer_name = Order.Status.PAID, "Maria Example"
    order.shipping_address = {"name": "Maria Example", "line1": "1 Example Street", "country": "GB"}
    order.paid_amount, order.paid_currency, order.paid_at = order.total, "GBP", timezone.now()
    order.save()
    return order.pk


@pytest.fixture
def order(order_of_module: int, db: None) -> Order:
    return Order.objects.get(pk=order_of_module)


def say(closing: str = "", **words: str) -> None:
    site = Site.objects.get(is_default_site=True)
    MailWording.objects.update_or_create(site=site, defaults={"words": words, "closing": closing})


def url() -> str:
    return f"/admin/settings/store/mailwording/{Site.objects.get(is_default_site=True).pk}/"


def confirmation(order: Order) -> Email:
    mail = emails.order_paid(order)
    assert mail is not None
    return mail


def test_own_words_stand_in_place_of_ours_and_the_rest_stays(order: Order) -> None:
    ours = confirmation(order)
    say(
        closing="Kind regards,\nPotters & Co",
        paid_subject="Hooray, {number}!",
        paid_opening="Dear {name},\nthank you for {number}.",
    )
    mail = confirmation(order)
    assert mail.subject == f"Hooray, {order.number}!"
    assert f"Dear Maria Example,\nthank you for {order.number}.\n" in mail.message
    assert "Kind regards,\nPotters & Co" in mail.message
    assert f"Dear Maria Example,<br>thank you for {order.number}.</p>" in mail.html_message
    assert "Kind regards,<br>Potters &amp; Co" in mail.html_message
    assert "We will pack it next." in ours.message
    assert "We will pack it next." not in mail.message + mail.html_message
    for fact in ("Your order is paid", "2 × Enamel mug", "£28.95", "1 Example Street", "14 days", "/orders/"):
        assert fact in mail.message
        assert fact in words_of(mail.html_message) + mail.html_message


def test_headings_facts_and_what_is_to_be_done_stay_in_every_mail(db: None) -> None:
    before = {kind: mail_previews.preview(kind)[0] for kind in KINDS}
    say(**{f"{kind}_{part}": "Our own words." for kind in KINDS for part in ("subject", "opening")})
    for kind, (_label, words) in KINDS.items():
        mail, order = mail_previews.preview(kind)
        assert (mail.subject, "Our own words." in mail.text) == ("Our own words.", True), kind
        gone = [
            line for line in before[kind].text.splitlines() if line not in mail.text and "://" not in line
        ]
        assert len(gone) <= 1, kind  # the opening
        assert str(words.to_do) % {"number": order.number} in mail.text, kind
    for kind, fact in {
        "pay_later": "to pay £28.95",
        "transfer": "Transfer £28.95",
        "sent": "Delivery takes 2 to 4 working days",
        "sold_out": "we will refund you after 48 hours",
        "refund-action": "please answer it",
        "refund-pending": "£5.00 of your order",
    }.items():
        assert fact in mail_previews.preview(kind)[0].text, kind


def test_where_the_name_is_not_known_our_words_are_sent(order: Order) -> None:
    order.customer_name, order.shipping_address = "", {}
    say(closing="Bye, {name}", paid_subject="For {name}", paid_opening="Dear {name}")
    mail = confirmation(order)
    assert mail.subject == f"Your order {order.number}"
    assert "We will pack it next." in mail.message
    assert "Bye" not in mail.message


def test_what_a_shopper_is_called_is_a_name_and_nothing_else(order: Order) -> None:
    order.customer_name = "{number}\nBcc: <b>x</b> {% now 'Y' %}"
    say(paid_subject="For {name}", paid_opening="Dear {name}")
    mail = confirmation(order)
    assert mail.subject == "For {number} Bcc: <b>x</b> {% now 'Y' %}"
    assert "Dear {number}<br>Bcc: &lt;b&gt;x&lt;/b&gt; {% now" in mail.html_message
    assert "\n" not in mail.email_message().message()["Subject"]


def test_own_words_go_before_ours_of_a_payment_that_came_later(order: Order) -> None:
    order.events.create(happened_at=timezone.now(), by="Stripe", to_status=Order.Status.PROCESSING)
    assert "your payment has arrived" in confirmation(order).subject
    say(paid_subject="Mine")
    assert confirmation(order).subject == "Mine"


# --- The form ----------------------------------------------------------------------------------------------
@pytest.mark.both_databases
def test_what_is_saved_is_shown_at_once_and_form_and_e_mail_lead_to_each_other(admin_client: Client) -> None:
    form = unescape(admin_client.get(url()).content.decode())
    assert "In place of: “Your order {number} is on its way”" in form
    assert "In place of: “We hope you enjoy it.” This always follows: “Delivery takes …" in form
    assert f'href="{PREVIEW}?mail=sent"' in form
    words = {"sent_subject": "Off it goes", "sent_opening": "<b>Bye</b>\r\nmug", "closing": "Yours, us"}
    assert admin_client.post(url(), words).status_code == 302
    assert MailWording.objects.get().words == {
        "sent_subject": "Off it goes",
        "sent_opening": "<b>Bye</b>\nmug",
    }
    page = admin_client.get(PREVIEW, {"mail": "sent"}).content.decode()
    assert "<h2>Subject: Off it goes</h2>" in page
    assert "&lt;b&gt;Bye&lt;/b&gt;\nmug" in page  # as text
    assert "&amp;lt;b&amp;gt;Bye&amp;lt;/b&amp;gt;&lt;br&gt;mug" in page  # as HTML
    assert "Yours, us" in page
    assert f'href="{url()}?mail=sent#panel-sent-section"' in page
    folded, is_open = 'w-panel collapsed" id="panel-{}-section"', 'w-panel" id="panel-{}-section"'
    form = " ".join(admin_client.get(url(), {"mail": "paid"}).content.decode().split())
    assert 'value="Off it goes"' in form
    for name, shown in {"sent": is_open, "paid": is_open, "ready_to_collect": folded}.items():
        assert shown.format(name) in form, name
    assert ModelLogEntry.objects.get(action="wagtail.edit").user.is_superuser


REFUSED = {
    "sent_opening": ("It costs {total}", "“{total}” cannot be filled in"),
    "ready_opening": ("Bye }", "“}” cannot be filled in"),
    "transfer_subject": ("{", "“{” cannot be filled in"),
    "transfer_opening": ("{% now 'Y' %}", "“{% now 'Y' %}” cannot be filled in"),
    "sent_subject": ("One\nBcc: all@example.com", "cannot be printed"),
    "ready_subject": ("abc\u202ecba", "cannot be printed"),
    "billing_opening": ("abc\u202ecba", "U+202E"),
    "declined_opening": ("abc\x00", "Null characters"),
    "mismatch_opening": ("x" * 10_000, "at most 1000 characters"),
    "mismatch_subject": ("x" * 10_000, "at most 120 characters"),
    "closing": ("Bye }", "“}” cannot be filled in"),
}


def test_what_cannot_be_said_is_refused(admin_client: Client) -> None:
    texts = {field: text for field, (text, _error) in REFUSED.items()}
    answer = admin_client.post(url(), {"paid_subject": "Fine", **texts})
    assert answer.status_code == 200
    errors = {field: " ".join(found) for field, found in answer.context["form"].errors.items()}
    assert errors.keys() == REFUSED.keys()
    for field, (_text, error) in REFUSED.items():
        assert error in errors[field], field
    answer = admin_client.post(url(), {"closing": "x" * 10_000})
    assert "at most 500 characters" in str(answer.context["form"].errors["closing"])
    assert not MailWording.objects.exclude(words={}).exists()


def test_only_those_may_change_words_who_have_the_right(client: Client) -> None:
    signed_in("view_order", client=client)
    assert "Change these words" not in client.get(PREVIEW).content.decode()
    assert client.post(url(), {"paid_subject": "Mine"}).status_code == 302
    assert not MailWording.objects.exclude(words={}).exists()


def test_who_sees_no_orders_is_led_to_no_e_mail_about_one(client: Client) -> None:
    signed_in("change_mailwording", client=client)
    page = client.get(url()).content.decode()
    assert "In place of" in page
    assert PREVIEW not in page
