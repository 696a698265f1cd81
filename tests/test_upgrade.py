"""An upgrade: a database that earlier code made is migrated by today's, and what was published stays what it was.

The databases in `fixtures/` hold the demo; their folder's name says which commit made them: c82a879 knew no ledger,
7985a95 had sealed its own, b901de9 counted each choice anew for its report, 6754d2a knew no refunds, 4e32d1d neither
VAT nor papers, f01778d neither parcels nor collection, 8252269 no colours of a brand, 8188157 of a message only whether
it was suspicious.
"""

import gzip
import hashlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from importlib import import_module
from io import StringIO
from pathlib import Path

import pytest
import time_machine
from django.apps import apps
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import QuerySet, Sum
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from config.groups import GROUPS
from forms.inbox import spam_digest
from forms.models import FormPage, Submission
from home.models import User
from policies.ledger import sealing
from policies.models import LedgerEntry, LedgerHead, PolicyPage
from store.models import Document, Order, OrderEvent, StockItem, StockMovement, StripeEvent
from store.orders import lifecycle
from tests import factories
from tests.migrating_together import default_database, migrate_together
from tests.visible_text import visible_text

pytestmark = [pytest.mark.both_databases, pytest.mark.every_case, pytest.mark.slow]

LATER = datetime(2026, 11, 28, 12, tzinfo=UTC)  # than any of them was made


MADE_BY = ("c82a879", "7985a95", "b901de9", "6754d2a", "4e32d1d", "f01778d", "8252269", "8188157")


@pytest.fixture(scope="module")
def upgraded(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, BaseDatabaseWrapper]]:
    """Return the old databases, migrated: the newest by `migrate`, the others together, which takes less time."""
    of_tests = connections["default"]
    load = {"sqlite": _sqlite, "postgresql": _postgresql}[of_tests.vendor]
    folder = tmp_path_factory.mktemp("upgrade")
    with (
        django_db_blocker.unblock(),
        ExitStack() as stack,
        time_machine.travel(LATER),
    ):  # the ledger begins then
        found = {name: stack.enter_context(load(name, of_tests, folder)) for name in MADE_BY}
        *older, newest = found.values()
        migrate_together(older)
        with default_database(newest):
            call_command("migrate", verbosity=0)
        yield found


@pytest.fixture(scope="module", params=MADE_BY, ids=[f"made-by-{commit}" for commit in MADE_BY], autouse=True)
def made_by(
    request: pytest.FixtureRequest,
    upgraded: dict[str, BaseDatabaseWrapper],
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[Path]:
    """Let every query of this file go to the database that one commit made; return the folder that held it."""
    with django_db_blocker.unblock(), default_database(upgraded[request.param]):
        yield _folder(request.param)


def _folder(commit: str) -> Path:
    return Path(__file__).parent / "fixtures" / f"made-by-{commit}"


@contextmanager
def _sqlite(commit: str, of_tests: BaseDatabaseWrapper, folder: Path) -> Iterator[BaseDatabaseWrapper]:
    path = folder / f"{commit}.sqlite3"
    path.write_bytes(gzip.decompress((_folder(commit) / "sqlite.sqlite3.gz").read_bytes()))
    old = of_tests.copy()
    old.settings_dict["NAME"] = str(path)
    yield old
    old.close()


@contextmanager
def _postgresql(commit: str, of_tests: BaseDatabaseWrapper, folder: Path) -> Iterator[BaseDatabaseWrapper]:
    old = of_tests.copy()
    name = old.settings_dict["NAME"] = f"{of_tests.settings_dict['NAME']}_{commit}"
    with of_tests._nodb_cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
    try:
        with old.cursor() as cursor:
            cursor.execute(gzip.decompress((_folder(commit) / "postgresql.sql.gz").read_bytes()).decode())
        old.close()  # the dump has set its own search path
        yield old
    finally:
        old.close()
        with of_tests._nodb_cursor() as cursor:
            cursor.execute(f"DROP DATABASE {name}")


@pytest.fixture(autouse=True)
def _soon_after_it_was_made() -> Iterator[None]:
    with time_machine.travel(LATER):
        yield


KNEW_COLLECTION = {"made-by-8252269", "made-by-8188157"}
KNEW_VAT = {"made-by-f01778d", *KNEW_COLLECTION}
KNEW_REFUNDS = {"made-by-4e32d1d", *KNEW_VAT}
# The events that 6754d2a had in its inbox, by their outcome.
EVENTS = {"handled", "foreign", "ignored", "failed", "received"}
NEW = {"store.refund_order", "store.view_stripeevent", "store.change_stripeevent"}


# What the policy does not say yet, since the site did not do it then.
DRIFT = "privacy-policy: the site has moved away from what it states: personal_data: "


def verified() -> list[str]:
    """Return the lines of the check, which finds nothing, or only that a policy is to be published."""
    out, findings = StringIO(), StringIO()
    with suppress(CommandError):
        call_command("verify_policies", stdout=out, stderr=findings)
    assert [line for line in findings.getvalue().splitlines() if not line.startswith(DRIFT)] == []
    return out.getvalue().splitlines()


def test_every_record_has_the_bytes_that_it_had(client: Client, made_by: Path) -> None:
    lines = (made_by / f"{connection.vendor}.sha256").read_text(encoding="utf-8").splitlines()
    expected = {path: digest for digest, path in (line.split() for line in lines)}
    served = {path: hashlib.sha256(client.get(path).content).hexdigest() for path in expected}
    assert served == expected
    assert len(expected) == 6


def test_the_check_of_the_published_record_finds_it_whole() -> None:
    found = dict(line.split(": ", 1) for line in verified() if line.endswith(" record(s)"))
    orders, messages = Order.objects.count(), Submission.objects.count()
    assert min(orders, messages) > 0
    assert found == {
        "version": "6 record(s)",
        "withdrawal": "0 record(s)",
        "consent": "142 record(s)",
        "acceptance": f"{orders} record(s)",
        "message": f"{messages} record(s)",
        "statement": "4 record(s)",
    }


def test_everything_that_is_recorded_is_sealed() -> None:
    with transaction.atomic():
        sealing.seal(now=timezone.now())
        head = LedgerHead.objects.latest("number")
        assert head.last_position == LedgerEntry.objects.count()
        assert f" {head.number} head(s)" in verified()[0]
        transaction.set_rollback(True)


NOT_IN_THE_DEMO = {Order.Status.REVIEW}
COLLECTION = {Order.Status.READY, Order.Status.COLLECTED}
PAGES = (
    "/",
    "/about/",
    "/shop/",
    "/shop/enamel-mug/",
    "/privacy-policy/",
    "/privacy-policy/versions/",
    "/privacy-policy/versions/1/",
    "/privacy-policy/compare/1/2/",
    "/privacy-policy/feed/",
    "/cookie-policy/",
    "/cookies/",
    "/terms/",
    "/contact/",
    "/sitemap.xml",
    "/sitemap-pages-1.xml",
    "/sitemap-policies-1.xml",
)


def test_the_public_pages_answer(client: Client) -> None:
    assert {path: client.get(path).status_code for path in PAGES} == dict.fromkeys(PAGES, 200)


def test_orders_are_read_in_the_admin_and_by_their_shoppers(client: Client, made_by: Path) -> None:
    orders = {order.status: order for order in Order.objects.all()}
    missing = NOT_IN_THE_DEMO if made_by.name in KNEW_COLLECTION else NOT_IN_THE_DEMO | COLLECTION
    assert set(orders) == set(Order.Status) - missing
    client.force_login(User.objects.get(email="owner@jomso.example"))
    assert orders["paid"].number in client.get("/admin/orders/").content.decode()
    for order in orders.values():
        assert order.number in client.get(f"/admin/orders/inspect/{order.pk}/").content.decode()
        assert order.number in client.get(order.get_absolute_url()).content.decode()


def test_the_money_of_old_orders_is_known_and_a_refunded_one_is_where_its_goods_are(made_by: Path) -> None:
    refunded = OrderEvent.objects.filter(to_status="refunded")
    assert len(refunded) == (made_by.name not in KNEW_REFUNDS)
    assert all(event.order.status == event.from_status == "sent" for event in refunded)
    for order in Order.objects.all():
        expected = (order.total, order.currency) if order.paid_at else (0, "")
        assert (order.paid_amount, order.paid_currency, order.payment_source) == (*expected, "stripe")


def test_orders_say_of_vat_what_they_said_and_keep_their_refunds(client: Client, made_by: Path) -> None:
    knew_vat = made_by.name in KNEW_VAT
    assert set(Order.objects.values_list("vat_scheme", flat=True)) == {"rates" if knew_vat else ""}
    assert Document.objects.exists() == knew_vat
    order = Order.objects.exclude(refunds=None).order_by("pk").first()
    assert (order is not None) == (made_by.name in KNEW_REFUNDS)
    if order is not None:
        page = visible_text(client.get(order.get_absolute_url()).content)
        assert order.refunds.first().reason in page
        assert ("VAT" in page) == knew_vat


def test_an_old_order_that_was_paid_too_late_cannot_be_packed() -> None:
    money = import_module("store.migrations.0016_money_of_orders")
    order, other = Order.objects.filter(status="paid")[:2]
    with transaction.atomic():
        Order.objects.filter(pk=order.pk).update(needs_attention=True)
        QuerySet(StockMovement).filter(order=order, kind="sold").update(kind="released")
        lifecycle.record(order=order, by="Stripe", reason="stock_gone")
        money.hold_back_what_was_sold_out(apps, None)
        for one in (order, other):
            one.refresh_from_db()
        assert (order.status, other.status) == ("review", "paid")
        assert order.events.last().to_status == "review"
        transaction.set_rollback(True)


def test_events_of_stripe_are_kept_and_can_be_handled(client: Client, made_by: Path) -> None:
    events = StripeEvent.objects.filter(event_id__startswith="evt_1Before14")
    kept = {event.event_id.removeprefix("evt_1Before14"): event for event in events}
    assert set(kept) == (EVENTS if made_by.name == "made-by-6754d2a" else set())
    client.force_login(User.objects.get(email="service@jomso.example"))
    for outcome, event in kept.items():
        assert event.outcome == outcome
        assert event.object_kind == ("checkout.session" if event.object_id else "")
        page = client.get(f"/admin/stripe-events/inspect/{event.pk}/").content.decode()
        assert event.object_id in page
        assert ("Handle again" in page) is (outcome in {"failed", "received"})


def test_messages_have_a_status_an_end_date_and_the_e_mail_address_in_them(made_by: Path) -> None:
    kept, messages = dict(FormPage.objects.values_list("pk", "keep_days")), list(Submission.objects.all())
    for message in messages:
        assert message.expires_at == message.submit_time + timedelta(days=kept[message.page_id])
        addresses = [answer for answer in message.form_data.values() if "@" in answer]
        assert message.email == addresses[0].lower()
    spam = [message for message in messages if message.status == "spam"]
    assert len(spam) == (made_by.name == "made-by-8188157")
    month_ago = LATER - timedelta(days=30)
    waiting = {message.status: message.submit_time > month_ago for message in messages if message not in spam}
    assert waiting.items() <= {"new": True, "done": False}.items()


def test_nobody_is_told_of_suspected_messages_from_before() -> None:
    assert spam_digest.send(now=LATER + timedelta(days=2)) == 0


def test_stock_is_what_its_movements_say() -> None:
    assert StockItem.objects.count() > 0
    for item in StockItem.objects.all():
        moved = StockMovement.objects.filter(sku=item.sku).aggregate(
            Sum("on_hand_change"), Sum("held_change")
        )
        assert tuple(value or 0 for value in moved.values()) == (item.on_hand, item.held)


# --- Who may do what ---------------------------------------------------------------------------------------
def rights(group: Group) -> set[str]:
    return {
        f"{app}.{name}" for app, name in group.permissions.values_list("content_type__app_label", "codename")
    }


def test_customer_service_has_the_rights_that_a_new_site_gives() -> None:
    assert rights(Group.objects.get(name="Customer service")) == set(
        GROUPS["Customer service"]["permissions"]
    )


def test_only_groups_that_did_all_work_of_the_shop_may_refund() -> None:
    migration = import_module("store.migrations.0019_who_refunds")
    with transaction.atomic():
        service = Group.objects.get(name="Customer service")
        service.permissions.remove(
            *[right for right in service.permissions.all() if f"store.{right.codename}" in NEW]
        )
        all_of_it, packers = Group.objects.create(name="Shop"), Group.objects.create(name="Shelf")
        all_of_it.permissions.set(service.permissions.filter(content_type__app_label="store"))
        packers.permissions.set(service.permissions.filter(codename__endswith="_order"))
        service.delete()
        migration.let_who_served_refund(apps, None)
        assert rights(all_of_it) > NEW
        assert rights(packers) == {"store.view_order", "store.change_order"}
        transaction.set_rollback(True)


def test_the_next_version_follows_the_old_ones() -> None:
    with transaction.atomic():
        version = factories.publish(PolicyPage.objects.get(slug="terms"), body="<p>Pay in advance.</p>")
        assert version.number == 3
        assert "version: 7 record(s)" in verified()
        transaction.set_rollback(True)
