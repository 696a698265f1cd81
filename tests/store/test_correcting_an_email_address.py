"""Staff correct the e-mail address of an order: what waits goes there, the history says who, and it is found by it."""

from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from django.utils import timezone
from post_office.models import STATUS, Email

from home import mail_queue
from store.models import Order
from store.orders import emails, personal_data
from tests.staff import signed_in
from tests.store.paying import paid_order

pytestmark = pytest.mark.django_db
OLD, NEW = "shoper@example.com", "shopper@example.org"


@pytest.fixture(scope="module")
def order_of_module(shelf: int) -> int:
    order = paid_order(MUG=2)
    order.email, order.customer_name = OLD, "Maria"
    order.session_params = {"customer_email": OLD}
    order.save()
    return order.pk


@pytest.fixture
def order(order_of_module: int, db: None) -> Order:
    return Order.objects.get(pk=order_of_module)


@pytest.fixture
def staff(client: Client) -> Client:
    return signed_in("view_order", "change_order", client=client)


def correct(staff: Client, order: Order, email: str = NEW, mail: str = "") -> str:
    answer = staff.post(
        f"/admin/orders/{order.pk}/e-mail-address/", {"email": email, "mail": mail}, follow=True
    )
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def test_it_is_corrected_with_who_and_the_confirmation_is_sent_there(staff: Client, order: Order) -> None:
    page = staff.get(f"/admin/orders/{order.pk}/e-mail-address/").content.decode()
    assert f'value="{OLD}"' in page
    assert '<option value="confirmation" selected>Confirmation' in page
    page = correct(staff, order, mail="confirmation")
    for words in ("The e-mail address was corrected.", f"sent again to {NEW}", 'e-mail-address/">Correct'):
        assert words in page
    order.refresh_from_db()
    assert (order.email, order.session_params, Email.objects.get().to) == (NEW, {}, [NEW])
    entries = [(one.reason, one.who, one.note) for one in order.events.all()][-2:]
    assert entries == [("email", "clerk@example.com", ""), ("resent", "clerk@example.com", "Confirmation")]
    [found] = personal_data.export_orders(NEW)
    assert found["number"] == order.number
    assert [*personal_data.export_orders(OLD)] == []


@pytest.mark.both_databases
def test_what_waits_for_the_old_address_goes_to_the_new_one(staff: Client, order: Order) -> None:
    waiting, refused, sent = emails.order_sent(order), emails.order_paid(order), emails.order_paid(order)
    other = mail_queue.queue(to=[OLD], subject="Another order", text="Another order")
    assert all((waiting, refused, sent))
    later = timezone.now() + timedelta(hours=3)
    Email.objects.filter(pk=refused.pk).update(
        status=STATUS.requeued, number_of_retries=5, scheduled_time=later
    )
    Email.objects.filter(pk=sent.pk).update(status=STATUS.sent)
    leaves = waiting.scheduled_time
    assert "2 waiting e-mails go there." in correct(staff, order)
    for mail, to in ((waiting, NEW), (refused, NEW), (sent, OLD), (other, OLD)):
        mail.refresh_from_db()
        assert mail.to == [to]
    assert waiting.scheduled_time == leaves  # so that it can be undone
    assert (refused.status, refused.number_of_retries, refused.scheduled_time) == (STATUS.queued, 0, None)


@pytest.mark.parametrize(
    ("email", "error"),
    [
        (OLD, "Nothing was changed"),
        ("shopper", "Enter a valid email address"),
        ("", "required"),
        ("a@example.com\nBcc: b@example.com", "Enter a valid email address"),
        ('"a,b"@example.com', "without quotation marks"),
        ("a" * 300 + "@example.com", "at most 254"),
        ("a\x00@example.com", "Null characters"),
    ],
)
def test_what_is_no_other_address_is_refused(staff: Client, order: Order, email: str, error: str) -> None:
    assert error in correct(staff, order, email)
    assert Order.objects.get().email == OLD


@pytest.mark.parametrize("status", sorted(Order.PAYABLE))
def test_while_the_payment_page_may_be_open_it_stays(staff: Client, order: Order, status: str) -> None:
    Order.objects.update(status=status, paid_at=None)
    page = staff.get(f"/admin/orders/inspect/{order.pk}/").content.decode()
    assert "when the payment page has closed" in page
    assert "The e-mail address was not changed" in correct(staff, order)
    assert Order.objects.get().email == OLD


def test_an_order_by_telephone_gets_an_address_and_an_anonymised_one_does_not(
    staff: Client, order: Order
) -> None:
    Order.objects.update(email="")
    assert "The e-mail address was corrected." in correct(staff, order)
    Order.objects.update(email="", customer_name="")
    assert "The e-mail address was not changed" in correct(staff, order)


def test_an_order_without_an_address_is_anonymised_with_the_others(order: Order) -> None:
    Order.objects.update(email="", placed_at=timezone.now() - timedelta(days=5000))
    assert personal_data.expire_orders(timezone.now()) == 1
    assert Order.objects.get().customer_name == ""
    assert personal_data.expire_orders(timezone.now()) == 0


def test_only_staff_who_change_orders_correct_it(order: Order, client: Client) -> None:
    signed_in("view_order", "pack_order", client=client)
    assert client.post(f"/admin/orders/{order.pk}/e-mail-address/", {"email": NEW}).status_code == 302
    assert "e-mail-address/" not in client.get(f"/admin/orders/inspect/{order.pk}/").content.decode()
    assert Order.objects.get().email == OLD
