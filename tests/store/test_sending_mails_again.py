"""Staff send an order's e-mails again: made anew, to the address of now, logged, and a few an hour only."""

from html import unescape

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone
from django.utils.formats import date_format
from post_office.models import Email

from home.models import User
from store.documents import corrections, issuing
from store.models import Order, ProductVariant, Refund
from store.orders import resending
from store.orders.situation import Situation
from tests import factories
from tests.staff import signed_in
from tests.store.paying import paid_order

pytestmark = pytest.mark.django_db
Status = Order.Status


@pytest.fixture
def order(mug: ProductVariant) -> Order:
    order = paid_order(MUG=2)
    Order.objects.update(email="shopper@example.com")
    return order


@pytest.fixture
def staff(client: Client) -> Client:
    return signed_in("view_order", "change_order", client=client)


def resend(staff: Client, order: Order, mail: str) -> str:
    answer = staff.post(f"/admin/orders/{order.pk}/e-mails/", {"mail": mail}, follow=True)
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def test_a_mail_goes_to_the_address_of_now_and_the_history_says_so(staff: Client, order: Order) -> None:
    Order.objects.update(email="new@example.com")
    page = resend(staff, order, "confirmation")
    assert "The e-mail is sent again to new@example.com." in page
    assert "An e-mail was sent again: Confirmation" in page
    [mail] = Email.objects.all()
    assert (mail.to, "Enamel mug" in mail.message) == (["new@example.com"], True)


@pytest.mark.parametrize(
    ("status", "mails"),
    [
        (Status.AWAITING, []),
        (Status.REVIEW, ["news"]),
        (Status.PACKED, ["confirmation"]),
        (Status.SENT, ["confirmation", "sent"]),
        (Status.CANCELLED, ["news"]),
    ],
)
def test_only_what_such_an_order_is_told_is_sent(
    staff: Client, order: Order, status: str, mails: list[str]
) -> None:
    Order.objects.update(status=status)
    for name in ("confirmation", "sent", "news", "", "\x00"):
        resend(staff, order, name)
    assert [*resending.mails_of(Situation.of(Order.objects.get()))] == mails
    assert Email.objects.count() == len(mails)


def test_no_order_gets_more_than_a_few_an_hour(staff: Client, order: Order) -> None:
    for _time in range(resending.MOST):
        resend(staff, order, "confirmation")
    assert "3 were sent again within the last hour" in resend(staff, order, "confirmation")
    assert Email.objects.count() == resending.MOST


def test_an_order_without_an_address_and_a_reader_send_nothing(staff: Client, order: Order) -> None:
    Order.objects.update(email="")
    assert "the order has no e-mail address" in resend(staff, order, "confirmation")
    User.objects.get().user_permissions.remove(Permission.objects.get(codename="change_order"))
    Order.objects.update(email="shopper@example.com")
    assert "Confirmation" not in resend(staff, order, "confirmation")
    assert not Email.objects.exists()


def test_the_e_mail_of_each_refund_is_sent_again(staff: Client, order: Order) -> None:
    money = {"by": "Staff", "created_at": timezone.now()}
    told = order.refunds.create(amount=500, status=Refund.Status.SUCCEEDED, reason="A chip", **money)
    for untold in (Refund.Status.REQUESTED, Refund.Status.REFUSED):
        order.refunds.create(amount=600, status=untold, **money)
    day = date_format(timezone.localdate(), "SHORT_DATE_FORMAT")
    page = staff.get(f"/admin/orders/inspect/{order.pk}/").content.decode()
    assert f">Send again: Refund of £5.00, {day}</button>" in page
    assert "Refund of £6.00" not in page
    assert f"sent again: Refund of £5.00, {day}" in resend(staff, order, f"refund-{told.pk}")
    [mail] = Email.objects.all()
    assert "We have refunded £5.00" in mail.message
    assert "Reason: A chip" in mail.message
    resend(staff, order, f"refund-{told.pk + 1}")
    assert Email.objects.count() == 1


def test_the_papers_of_a_corrected_billing_address_are_sent_again(staff: Client, order: Order) -> None:
    factories.vat(GB=20)
    order.vat_scheme = "none"
    order.save()
    issuing.invoice(order)
    assert "Corrected invoice" not in staff.get(f"/admin/orders/inspect/{order.pk}/").content.decode()
    address = {"name": "Right", "line1": "2 Low Road", "city": "Bonn", "country": "DE"}
    actor = User.objects.get()
    corrections.correct_billing_address(order_id=order.pk, address=address, actor=actor)
    page = resend(staff, order, "papers")
    assert "An e-mail was sent again: Corrected invoice INV-000002" in page
    first, again = Email.objects.order_by("pk")
    assert "CN-000001" in again.message
    assert (first.subject, first.message) == (again.subject, again.message)


def test_a_state_that_is_told_only_by_staff_has_a_subject(staff: Client, order: Order) -> None:
    Order.objects.update(status=Status.CANCELLED)
    resend(staff, order, "news")
    [mail] = Email.objects.all()
    assert mail.subject == f"Your order {order.number}"
    assert "we will refund what you paid" in mail.message
