"""Who watches the payments tells the trader once when something goes wrong, and once when all is well again."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.utils import timezone
from post_office.models import STATUS, Email

from home.models import User, WorkerHeartbeat
from store.models import PaymentAlarm, StripeEvent
from store.payments import reconciliation, watching
from tests import factories
from tests.staff import signed_in
from tests.store import paying
from tests.store.checklist import said
from tools.stripe_sandbox.server import Sandbox

pytestmark = pytest.mark.django_db
Kind = PaymentAlarm.Kind
PANEL = "/admin/payment-health/"


@pytest.fixture
def clock(sandbox: Sandbox) -> Any:
    """A clock at which the worker looks every five minutes. There is an order, else nobody is asked."""
    factories.order_without_hold()
    with time_machine.travel(timezone.now()) as clock:
        yield clock


@pytest.fixture(autouse=True)
def owner(db: None) -> User:
    WorkerHeartbeat.beat()
    return User.objects.create_superuser("owner@example.com", "a-long-password")


def looks(clock: Any, times: int) -> list[str]:
    """Let the worker look so often; return the subjects of the mails it sent meanwhile."""
    before = set(Email.objects.values_list("pk", flat=True))
    for _ in range(times):
        clock.shift(timedelta(seconds=watching.EVERY))
        watching.watch()
    Email.objects.update(status=STATUS.sent)
    sent = Email.objects.exclude(pk__in=before).order_by("pk")
    return [mail.subject for mail in sent]


def text() -> str:
    return Email.objects.latest("pk").message


def fail_event() -> StripeEvent:
    past = timezone.now() - timedelta(hours=1)
    return StripeEvent.objects.create(
        event_id="evt_1", type="x", livemode=False, created_at=past, received_at=past, outcome="failed"
    )


def test_a_problem_that_lasts_is_told_once_and_so_is_its_end(clock: Any, settings: Any, owner: User) -> None:
    assert looks(clock, 2) == []
    settings.STRIPE_SECRET_KEY = "sk_test_!"
    assert looks(clock, 1) == []
    assert looks(clock, 3) == ["There is a problem with payments: Connection to Stripe"]
    assert Email.objects.latest("pk").to == [owner.email]
    assert "does not know the key" in text()
    assert f"{settings.SITE_URL}{PANEL}" in text()
    event = fail_event()
    assert looks(clock, 3) == ["There is a problem with payments: Connection to Stripe, Handling of events"]
    event.delete()
    assert looks(clock, 3) == []
    settings.STRIPE_SECRET_KEY = "sk_test_sandbox"
    assert looks(clock, 12) == []
    assert looks(clock, 2) == ["The problems with payments are over"]
    assert re.findall(r"\((.+?)\):", text()) == ["15\xa0minutes", "50\xa0minutes"]
    assert "Handling of events" in text()
    assert looks(clock, 3) == []


def test_what_comes_and_goes_is_in_the_history_only(clock: Any, settings: Any) -> None:
    for _ in range(3):
        settings.STRIPE_SECRET_KEY = "sk_test_!"
        assert looks(clock, 1) == []
        settings.STRIPE_SECRET_KEY = "sk_test_sandbox"
        assert looks(clock, 1) == []
    assert looks(clock, 3) == []
    assert PaymentAlarm.objects.exclude(ended_at=None).count() == 3


def test_what_goes_on_and_off_for_a_day_is_told_once(clock: Any, settings: Any, owner: User) -> None:
    told = []
    for _ in range(48):
        for key in ("sk_test_!", "sk_test_sandbox"):
            settings.STRIPE_SECRET_KEY = key
            told += looks(clock, 3)
    assert told == ["There is a problem with payments: Connection to Stripe"]
    assert looks(clock, 14) == ["The problems with payments are over"]


def test_two_workers_at_once_tell_no_earlier_and_nothing_twice(clock: Any) -> None:
    fail_event()
    watching.watch()
    watching.watch()
    assert not Email.objects.exists()
    assert looks(clock, 1) == ["There is a problem with payments: Handling of events"]
    watching.watch()
    assert Email.objects.count() == 1


def test_a_problem_that_nobody_could_be_told_is_told_as_soon_as_there_is_somebody(
    clock: Any, owner: User
) -> None:
    User.objects.update(is_active=False)
    event = fail_event()
    assert looks(clock, 3) == []
    assert PaymentAlarm.objects.get().told_at is None
    User.objects.filter(pk=owner.pk).update(is_active=True)
    assert looks(clock, 3) == ["There is a problem with payments: Handling of events"]
    User.objects.update(is_active=False)
    event.delete()
    assert looks(clock, 3) == []
    User.objects.filter(pk=owner.pk).update(is_active=True)
    assert looks(clock, 12) == ["The problems with payments are over"]


@pytest.mark.parametrize(
    ("key", "words"),
    [("sk_test_!", "does not know the key"), ("rk_test_without_sessions_read", "Checkout Sessions: Read")],
)
def test_a_key_that_cannot_ask_is_named(clock: Any, settings: Any, key: str, words: str) -> None:
    settings.STRIPE_SECRET_KEY = key
    watching.watch()
    assert words in PaymentAlarm.objects.get(kind=Kind.STRIPE).detail


def test_a_stripe_that_is_away_is_named_and_nobody_is_asked_without_a_key(clock: Any, settings: Any) -> None:
    settings.STRIPE_API_URL = "http://127.0.0.1:9"
    watching.watch()
    assert "does not answer" in PaymentAlarm.objects.get(ended_at=None).detail
    settings.STRIPE_SECRET_KEY = ""
    watching.watch()
    assert not PaymentAlarm.objects.filter(ended_at=None).exists()


def test_before_the_first_order_nobody_is_asked(settings: Any) -> None:
    settings.STRIPE_API_URL = "http://127.0.0.1:9"
    watching.watch()
    assert reconciliation.find_paid_pages().unanswered == []
    assert not PaymentAlarm.objects.filter(ended_at=None).exists()


def test_what_ended_long_ago_expires(clock: Any) -> None:
    event = fail_event()
    watching.watch()
    watching.expire(now=timezone.now() + watching.KEPT)
    assert PaymentAlarm.objects.count() == 1
    event.delete()
    looks(clock, 1)
    watching.expire(now=timezone.now() + watching.KEPT + timedelta(days=1))
    assert not PaymentAlarm.objects.exists()


# --- The page -----------------------------------------------------------------------------------------------------
def shown(client: Client, path: str = PANEL) -> str:
    response = client.get(path)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_the_page_says_what_is_wrong_and_what_was(clock: Any, admin_client: Client) -> None:
    assert "No problems found" in shown(admin_client)
    assert "No event that Stripe signed has come yet." in shown(admin_client)
    event = fail_event()
    looks(clock, 2)
    page = shown(admin_client)
    assert "1 problem" in page
    assert "Events that could not be handled: 1." in page
    assert "Handle them again" in page
    assert page.count("health__state--wrong") == 1
    assert 'class="health__bar"' in page
    assert "The last event that Stripe signed came on" in page
    event.delete()
    looks(clock, 1)
    page = shown(admin_client)
    assert "No problems found" in page
    assert "E-mail sent:" in page


def test_the_page_tells_of_a_problem_that_the_worker_has_not_noted_yet_and_of_one_that_is_over(
    clock: Any, admin_client: Client
) -> None:
    new = "New, and written down when the worker next looks (every five minutes): Handling of events"
    event = fail_event()
    page = shown(admin_client)
    assert new in page
    assert "No problems found. " not in page.partition("Problems of the last")[2]
    looks(clock, 1)
    page = shown(admin_client)
    assert (new in page, "; over now" in page) == (False, False)
    event.delete()
    assert "; over now" in shown(admin_client)
    looks(clock, 1)
    assert "; over now" not in shown(admin_client)


def test_the_page_shows_what_is_wrong_before_what_is_fine_and_since_when(
    clock: Any, sandbox: Sandbox, admin_client: Client
) -> None:
    assert "<details open>" in shown(admin_client)
    PaymentAlarm.note(Kind.UNKNOWN, "Paid at Stripe and not here: 1", at=timezone.now())
    paying.post_event(Client(), paying.event(), "whsec_other")
    sandbox.account.ahead = 7200
    looks(clock, 1)
    response = admin_client.get(PANEL)
    assert [one.kind for one in response.context["findings"]] == [Kind.CLOCK, Kind.UNKNOWN, Kind.EVENTS]
    assert all(one.since for one in response.context["findings"])
    assert len(response.context["fine"]) == len(Kind) - 3
    assert "<details>" in response.content.decode()


def test_who_may_only_look_has_no_button_and_others_see_nothing(sandbox: Sandbox) -> None:
    fail_event()
    client = signed_in("view_paymentalarm")
    page = shown(client)
    assert "Events that could not be handled: 1." in page
    assert "Handle them again" not in page
    assert client.post(f"{PANEL}handle/").status_code == 302  # to the admin's first page
    assert StripeEvent.objects.get().outcome == "failed"
    assert "Problems with payments" in shown(client, "/admin/")
    User.objects.get(email="clerk@example.com").user_permissions.set(
        Permission.objects.filter(codename__in=["access_admin", "view_order"])
    )
    assert client.get(PANEL).status_code == 302
    assert client.post(PANEL).status_code == 302
    assert "Problems with payments" not in shown(client, "/admin/")


def test_a_button_checks_the_connection_and_shows_each_line(
    sandbox: Sandbox, admin_client: Client, settings: Any
) -> None:
    settings.STRIPE_SECRET_KEY = "sk_test_!"
    page = admin_client.post(PANEL).content.decode()
    assert "What the check found" in page
    assert "Stripe does not know the key in STRIPE_SECRET_KEY." in page


def test_the_command_reports_what_is_wrong_too(sandbox: Sandbox, settings: Any) -> None:
    settings.STRIPE_SECRET_KEY = "sk_test_!"
    assert "could not be handled" not in said()[1]
    fail_event()
    wrong, words = said()
    assert (wrong, "✗ Handling of events: Events that could not be handled: 1." in words) == (2, True)


def test_who_serves_customers_sees_the_page(db: None) -> None:
    rights = Group.objects.get(name="Customer service").permissions
    assert rights.filter(codename="view_paymentalarm").exists()
