"""Finding orders again: a link that works once, sent to who reads the mail, and an answer that tells nothing."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from post_office.models import Email

from home import mail_queue, spam
from policies.personal_data import register
from store.checkout.forms import CheckoutForm
from store.models import FindLink, Order, ProductVariant
from store.orders import finding, personal_data
from store.orders.forms import FindForm
from tests import factories, queries
from tests.forms.building import form_page
from tests.store.finding import KNOWN, UNKNOWN, ask, link_in, use

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def order_of_module(shelf: int) -> int:
    return factories.placed_order(factories.basket(MUG=1), email=KNOWN).pk


@pytest.fixture
def order(order_of_module: int, db: None) -> Order:
    return Order.objects.get(pk=order_of_module)


def words_of(response: Any) -> str:
    return " ".join(response.content.decode().split())


@pytest.mark.both_databases
def test_who_reads_the_mail_sees_the_orders_of_the_address_newest_first(client: Client, order: Order) -> None:
    with time_machine.travel(timezone.now() + timedelta(hours=1), tick=False):
        newer = factories.placed_order(factories.basket(MUG=2), email="Shopper@Example.com")
    other = factories.placed_order(factories.basket(MUG=1), email="other@example.com")
    assert ask(client).status_code == 303
    path = link_in()
    assert "Show my orders" in words_of(client.get(path))
    response = client.post(path)
    assert (response.status_code, response["Location"]) == (303, "/orders/found/")
    page = words_of(client.get("/orders/found/"))
    assert page.index(newer.number) < page.index(order.number)
    assert other.number not in page
    for shown in (order.get_absolute_url(), "£16.45", "£28.95"):
        assert shown in page


@pytest.mark.both_databases
def test_the_answer_and_its_statements_are_the_same_for_known_and_unknown_addresses(order: Order) -> None:
    told = []
    for email in (UNKNOWN, KNOWN, UNKNOWN, KNOWN):  # what is looked up once a process comes first
        client = Client()
        with CaptureQueriesContext(connection) as asked:
            answer = ask(client, email)
        statements = [re.sub(r"'[^']*'", "?", one["sql"]) for one in asked.captured_queries]
        page = client.get(answer["Location"])
        body = re.sub(r'value="[^"]+"', "", page.content.decode())  # the stamp of its form
        told.append(
            (statements, answer.status_code, answer.content, dict(answer.headers), dict(answer.cookies), body)
        )
    assert told[2] == told[3]
    assert [sql.split()[0] for sql in told[3][0]] == ["INSERT"]
    finding.send_links()
    assert list(Email.objects.values_list("to", flat=True)) == [[KNOWN]] * 2
    assert not FindLink.objects.exclude(email=KNOWN).exists()


def test_a_link_works_once_and_says_so_afterwards(client: Client, order: Order) -> None:
    path = use(client)
    stranger = Client()
    for response in (stranger.get(path), stranger.post(path)):
        assert response.status_code == 410
        assert "This link was used" in words_of(response)
        assert 'href="/orders/find/"' in words_of(response)
    assert stranger.get("/orders/found/")["Location"] == "/orders/find/"
    assert client.post(path)["Location"] == "/orders/found/", "its own browser goes on"


def test_a_link_that_cannot_be_sent_keeps_no_others_waiting(
    client: Client, order: Order, caplog: pytest.LogCaptureFixture
) -> None:
    broken = "a@example.com\nBcc: b@example.com"  # as no form takes it
    factories.placed_order(factories.basket(MUG=1), email=broken)
    FindLink.objects.create(email=broken, created_at=timezone.now())
    ask(client)
    assert link_in()
    assert "could not be sent" in caplog.text
    assert FindLink.objects.get(digest=None).email == broken, "it is tried again"


def test_a_scanner_that_opens_the_link_does_not_use_it_up(client: Client, order: Order) -> None:
    ask(client)
    path = link_in()
    with CaptureQueriesContext(connection) as asked:
        for response in (Client().get(path), Client().head(path), Client().get("/orders/find/")):
            assert response.status_code == 200
            assert not response.cookies
    assert not [one for one in asked.captured_queries if not one["sql"].startswith("SELECT")]
    assert client.post(path).status_code == 303


def test_a_link_is_over_after_half_an_hour_and_so_is_the_list(client: Client, order: Order) -> None:
    ask(client)
    late = link_in()
    use(client)
    assert client.get("/orders/found/").status_code == 200
    with time_machine.travel(timezone.now() + timedelta(minutes=31), tick=False):
        assert client.get("/orders/found/").status_code == 302
        response = Client().post(late)
        assert response.status_code == 410
        assert "it is too old" in words_of(response)
        assert not response.cookies


@pytest.mark.parametrize(
    "token", ["x", "a" * 42, "a" * 43, "{cut}", "%00", "ä", "x" * 3000, "%F0%9F%8D%B5", "sent"]
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_link_that_is_cut_off_or_guessed_leads_to_a_new_one(
    client: Client, order: Order, token: str, method: str
) -> None:
    ask(client)
    cut = link_in().strip("/").rpartition("/")[2][:-1]
    response = getattr(client, method)(f"/orders/find/{token.format(cut=cut)}/")
    assert response.status_code == 404
    assert not response.cookies


@pytest.mark.parametrize(
    "email",
    [
        "", "x" * 300 + "@example.com", "a@b", "ab\x00c@example.com", "<b>@example.com", "Ωμέγα@example.com",
        "Имя@example.com", "🍵@example.com", "שלום@example.com", "a@example.com\nBcc: b@example.com",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused_and_saves_nothing(client: Client, email: str) -> None:
    response = ask(client, email)
    assert response.status_code == 422
    assert "There is a problem" in words_of(response)
    assert not FindLink.objects.exists()


@pytest.mark.parametrize("lookalike", ["\u017fhopper@example.com", "shopper@e\u212aample.com"])
def test_an_address_that_only_shares_a_case_with_another_finds_nothing(
    client: Client, mug: ProductVariant, lookalike: str
) -> None:
    plain = lookalike.replace("\u017f", "s").replace("\u212a", "k")
    factories.placed_order(factories.basket(MUG=1), email=plain)
    assert ask(client, lookalike).status_code == 303
    finding.send_links()
    assert not Email.objects.exists()
    assert not FindLink.objects.exists()


@pytest.mark.parametrize("lookalike", ["\u017fomebody@example.com", "\u212aate@example.com"])
def test_orders_of_a_lookalike_are_not_shown_exported_or_erased(mug: ProductVariant, lookalike: str) -> None:
    plain = lookalike.replace("\u017f", "s").replace("\u212a", "k")
    for one, other in ((lookalike, plain), (plain, lookalike)):
        order = factories.placed_order(factories.basket(MUG=1), email=one)
        assert list(finding.orders_of(one.upper() if one.isascii() else one)) == [order]
        assert not finding.orders_of(other).exists()
        assert list(personal_data.export_orders(other)) == []
        Order.objects.update(status=Order.Status.CANCELLED)
        assert personal_data.erase_unpaid_orders(other) == 0
        assert personal_data.erase_unpaid_orders(one) == 1


@pytest.mark.parametrize(
    ("field", "value"), [(spam.TRAP_FIELD, "x"), (spam.STAMP_FIELD, "forged"), (spam.STAMP_FIELD, "")]
)
def test_a_machine_gets_nothing_sent_and_a_person_gets_through(
    client: Client, order: Order, field: str, value: str
) -> None:
    response = ask(client, **{field: value})
    assert response.status_code == 422
    assert not FindLink.objects.exists()
    again = {spam.STAMP_FIELD: response.context["form"][spam.STAMP_FIELD].value()}
    assert ask(client, **again).status_code == 303


def test_one_address_gets_three_links_an_hour_and_the_same_answer(client: Client, order: Order) -> None:
    answers = {(one.status_code, one["Location"]) for one in (ask(client, KNOWN.title()) for _ in range(4))}
    assert answers == {(303, "/orders/find/?sent=1")}
    assert FindLink.objects.count() == 3


def test_one_network_asks_ten_times_an_hour_also_by_ipv6() -> None:
    for number in range(10):
        there = Client(REMOTE_ADDR=f"2001:db8::{number}")
        assert ask(there, f"somebody{number}@example.com").status_code == 303
    response = ask(Client(REMOTE_ADDR="2001:db8::ffff"), "somebody@example.com")
    assert response.status_code == 429
    assert int(response["Retry-After"]) > 0
    assert "Too many links were asked for" in words_of(response)
    assert FindLink.objects.count() == 10
    assert ask(Client(REMOTE_ADDR="2001:db8:0:1::1"), "somebody@example.com").status_code == 303


def test_the_cookie_is_kept_from_scripts_and_other_pages_and_cannot_be_forged(
    client: Client, order: Order
) -> None:
    use(client)
    cookie = client.cookies["found_orders"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/orders/")
    assert cookie["max-age"] == 1800
    assert "sessionid" not in client.cookies
    for forged in ("", "1", f"{cookie.value}x", "ä", "a:b:c", "\x00", "x" * 5000):
        client.cookies["found_orders"] = forged
        assert client.get("/orders/found/").status_code == 302


def test_the_link_stays_in_the_mail_only(client: Client, order: Order) -> None:
    ask(client)
    token = link_in().strip("/").rpartition("/")[2]
    email = Email.objects.get()
    assert not mail_queue.readable().exists()
    assert token not in str(FindLink.objects.values())
    mail_queue.send_due()
    email.refresh_from_db()
    assert token in mail.outbox[0].body
    assert token not in str(Email.objects.values())


def test_requests_are_exported_erased_and_deleted_after_a_day(client: Client, order: Order) -> None:
    use(client)
    assert register.export(KNOWN.upper())["store.find_links"][0]["used_at"]
    assert register.erase(KNOWN.upper())["store.find_links"] == 1
    assert client.get("/orders/found/").status_code == 302, "what was erased opens nothing"
    ask(client)
    assert finding.expire(timezone.now() + timedelta(hours=23)) == 0
    assert finding.expire(timezone.now() + timedelta(hours=25)) == 1


def test_the_list_costs_the_same_for_many_orders(client: Client, order: Order) -> None:
    use(client)
    for_one = queries.warm(client, "/orders/found/")
    for _ in range(3):
        factories.placed_order(factories.basket(MUG=1), email=KNOWN)
    assert queries.warm(client, "/orders/found/") == for_one <= 4


def test_beside_the_form_stands_what_happens_next_and_where_to_write(client: Client) -> None:
    page = words_of(client.get("/orders/find/"))
    assert "Its link works once, and for 30 minutes." in page
    assert "Your order number" in page
    assert "You no longer have that e-mail address?" not in page, "nobody can be written to"
    form_page("Contact", show_in_menus=True)
    assert '<a href="/contact/">Write to us</a>' in words_of(client.get("/orders/find/"))
    assert "Its link works once" not in words_of(client.get("/orders/find/?sent=1")), (
        "the page says so already"
    )


def test_shoppers_are_led_to_their_orders(client: Client) -> None:
    page = client.get("/orders/unknown/").content.decode()
    assert page.count('href="/orders/find/"') == 2, "in the page, and in its footer"


@pytest.mark.parametrize(
    "email", ['"<b>"@example.com', '"a,victim@example.com,b"@example.com', "a,b@example.com"]
)
@pytest.mark.parametrize("form", [FindForm, CheckoutForm])
def test_an_address_that_mail_cannot_have_is_refused_where_it_is_typed(form: Any, email: str) -> None:
    field = form.base_fields["email"]
    with pytest.raises(ValidationError):
        field.clean(email)
    assert field.clean("a.b+c@example.com") == "a.b+c@example.com"
