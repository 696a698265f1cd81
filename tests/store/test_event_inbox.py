"""The inbox of Stripe's events: each is handled until that succeeds, and goes when it is old."""

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from home import locks
from home.models import User
from store.models import Order, StripeEvent
from store.payments import errors, events
from tests.staff import signed_in
from tests.store.event_inbox import TOLD, Handler, Outcome, deliver
from tests.store.paying import event, post_event
from tools.stripe_sandbox.server import Sandbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def handler(monkeypatch: pytest.MonkeyPatch) -> Handler:
    one = Handler()
    monkeypatch.setitem(events.HANDLERS, TOLD, one)
    return one


def left_open(outcome: str = Outcome.FAILED, *, minutes: float = 10, **fields: Any) -> StripeEvent:
    """Make an event that was received and tried some minutes ago."""
    then = timezone.now() - timedelta(minutes=minutes)
    told = {"type": TOLD, "object_kind": "charge", "object_id": "ch_1", "livemode": False, "created_at": then}
    times = {"received_at": then, "tried_at": then}
    name = f"evt_{StripeEvent.objects.count()}"
    return StripeEvent.objects.create(event_id=name, outcome=outcome, **{**told, **times, **fields})


# --- What a handler is told -------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("about", "ids"),
    [
        ({"id": "cs_1", "object": "checkout.session", "payment_intent": "pi_1"}, ("cs_1", "cs_1", "pi_1")),
        ({"id": "cs_1", "object": "checkout.session", "payment_intent": None}, ("cs_1", "cs_1", "")),
        ({"id": "re_1", "object": "refund", "payment_intent": "pi_1"}, ("", "re_1", "pi_1")),
        ({"id": "ch_1", "object": "charge", "payment_intent": {"id": "pi_1"}}, ("", "ch_1", "pi_1")),
        ({"id": "du_1", "object": "dispute", "payment_intent": "pi_1"}, ("", "du_1", "pi_1")),
        ({"id": "pi_1", "object": "payment_intent"}, ("", "pi_1", "pi_1")),
    ],
)
def test_a_handler_is_told_the_ids_and_the_kind_of_the_object_again_too(
    client: Client, settings: Any, handler: Handler, about: dict[str, Any], ids: tuple[str, ...]
) -> None:
    handler.answers = [errors.UnreachableError("No answer.")]
    created = 1_700_000_000
    assert deliver(client, settings, data={"object": about}, created=created) == 503
    events.handle(StripeEvent.objects.get())
    assert len(handler.seen) == 2
    for told in handler.seen:
        assert (told.event_id, told.type, told.livemode) == ("evt_test_1", TOLD, False)
        assert told.created_at == datetime.fromtimestamp(created, UTC)
        assert told.object_kind == about["object"]
        assert (told.session_id, told.object_id, told.payment_intent_id) == ids


@pytest.mark.parametrize(("is_ours", "outcome"), [(True, Outcome.HANDLED), (False, Outcome.FOREIGN)])
def test_a_handler_says_whether_an_event_is_ours(
    client: Client, settings: Any, handler: Handler, is_ours: bool, outcome: str
) -> None:
    handler.answers = [is_ours]
    assert deliver(client, settings) == 200
    assert StripeEvent.objects.get().outcome == outcome


def test_no_handler_is_told_of_an_event_of_the_other_mode(
    client: Client, settings: Any, handler: Handler
) -> None:
    assert deliver(client, settings, livemode=True) == 200
    assert (handler.seen, StripeEvent.objects.get().outcome) == ([], Outcome.FOREIGN)


def test_a_session_of_another_kind_of_event_settles_nothing(client: Client, settings: Any) -> None:
    body = event(data={"id": "ch_1", "object": "charge"})
    assert post_event(client, body, *settings.STRIPE_WEBHOOK_SECRETS) == 200
    assert StripeEvent.objects.get().outcome == Outcome.FOREIGN


# --- Until it succeeds ------------------------------------------------------------------------------------
@pytest.mark.parametrize("is_ours", [True, False])
def test_what_is_done_is_never_handled_again(
    client: Client, settings: Any, handler: Handler, is_ours: bool
) -> None:
    handler.answers = [is_ours]
    for _ in range(3):
        assert deliver(client, settings) == 200
    record = StripeEvent.objects.get()
    events.handle(record)
    assert events.retry(now=timezone.now() + timedelta(hours=1)) == []
    assert (len(handler.seen), record.deliveries) == (1, 3)


def test_an_error_of_ours_in_a_handler_is_logged_and_not_an_error_page(
    client: Client, settings: Any, handler: Handler, caplog: pytest.LogCaptureFixture
) -> None:
    handler.answers = [ZeroDivisionError("a secret")]
    assert deliver(client, settings) == 503
    record = StripeEvent.objects.get()
    assert (record.outcome, record.note) == (Outcome.FAILED, "ZeroDivisionError")
    assert "ZeroDivisionError: a secret" in caplog.text
    assert deliver(client, settings) == 200
    record.refresh_from_db()
    assert (record.outcome, record.note) == (Outcome.HANDLED, "")


@pytest.mark.both_databases
def test_after_a_crash_the_next_delivery_does_it(client: Client, settings: Any, handler: Handler) -> None:
    handler.answers = [KeyboardInterrupt()]
    with pytest.raises(KeyboardInterrupt):
        deliver(client, settings)
    assert StripeEvent.objects.get().outcome == Outcome.RECEIVED
    assert events.retry() == [], "what kills whoever tries it lets others go first"
    assert deliver(client, settings) == 200
    assert (len(handler.seen), StripeEvent.objects.get().outcome) == (2, Outcome.HANDLED)


@pytest.mark.both_databases
def test_what_another_takes_too_long_to_handle_is_asked_for_again(
    client: Client, settings: Any, handler: Handler, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def taken(*_args: Any, **_kwargs: Any) -> Any:
        raise TimeoutError
        yield

    monkeypatch.setattr(locks, "alone", taken)
    assert deliver(client, settings) == 503
    assert (handler.seen, StripeEvent.objects.get().outcome) == ([], Outcome.RECEIVED)


# --- The worker -------------------------------------------------------------------------------------------
@pytest.mark.both_databases
@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.RECEIVED])
@pytest.mark.parametrize("is_tried", [True, False])
def test_the_worker_handles_what_failed_or_was_never_finished(
    handler: Handler, outcome: str, is_tried: bool
) -> None:
    record = left_open(outcome, **({} if is_tried else {"tried_at": None}))
    assert events.retry(now=record.received_at + timedelta(minutes=4)) == []
    assert events.retry() == [record]
    record.refresh_from_db()
    assert (record.outcome, len(handler.seen)) == (Outcome.HANDLED, 1)


def test_the_worker_waits_after_a_try_and_ends_after_three_days(handler: Handler) -> None:
    record = left_open(minutes=60)
    handler.answers = [errors.UnreachableError("No answer.")]
    assert events.retry() == [record]
    assert events.retry() == []
    assert events.retry(now=timezone.now() + timedelta(days=3)) == []
    assert events.retry(now=timezone.now() + timedelta(minutes=6)) == [record]


def test_a_failure_ends_a_run_and_keeps_no_other_event_waiting_for_long(handler: Handler) -> None:
    bad, good = left_open(minutes=20), left_open(minutes=10)
    handler.answers = [errors.UnreachableError("No answer.")]
    assert events.retry() == [bad]
    assert events.retry() == [good]


def test_what_was_tried_least_lately_is_handled_first(handler: Handler) -> None:
    late, early = left_open(minutes=10), left_open(minutes=20)
    never = left_open(minutes=10, tried_at=None)
    assert events.retry() == [never, early, late]


def test_a_payment_whose_event_failed_once_is_found_by_the_worker_before_the_page_ends(
    sandbox: Sandbox, order: Order, client: Client
) -> None:
    sandbox.pay(order.session_id)
    sandbox.faults.add(operation="retrieve", kind="error_500", times=3)
    body = event(data={"id": order.session_id, "object": "checkout.session"})
    assert post_event(client, body, sandbox.webhook_secret) == 503
    StripeEvent.objects.update(tried_at=timezone.now() - timedelta(minutes=6))
    events.retry()
    order.refresh_from_db()
    assert order.status == Order.Status.PAID


# --- Staff ------------------------------------------------------------------------------------------------
def press(client: Client, record: StripeEvent) -> str:
    response = client.post(f"/admin/stripe-events/{record.pk}/handle/", follow=True)
    assert response.redirect_chain == [(f"/admin/stripe-events/inspect/{record.pk}/", 302)]
    return response.content.decode()


def shown(client: Client, record: StripeEvent) -> str:
    return client.get(f"/admin/stripe-events/inspect/{record.pk}/").content.decode()


@pytest.mark.parametrize(
    ("answer", "words", "outcome"),
    [
        (True, "The event is handled.", Outcome.HANDLED),
        (False, "There is nothing to do: the event is not about an order of ours.", Outcome.FOREIGN),
        (errors.BusyError("Busy"), "The event could not be handled: Busy. Try again later.", Outcome.FAILED),
    ],
)
def test_staff_handle_an_event_again_and_are_told_what_came_of_it(
    handler: Handler, answer: bool | BaseException, words: str, outcome: str
) -> None:
    staff, record = signed_in("view_stripeevent", "change_stripeevent"), left_open()
    handler.answers = [answer]
    assert "Handle again" in shown(staff, record)
    assert words in press(staff, record)
    record.refresh_from_db()
    assert record.outcome == outcome
    assert ("Handle again" in shown(staff, record)) is (outcome == Outcome.FAILED)


def test_staff_are_told_that_another_is_handling_it(
    handler: Handler, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(record: StripeEvent) -> StripeEvent:
        return record

    monkeypatch.setattr(events, "handle", busy)
    words = "The event is being handled at this moment. Check again in a minute."
    assert words in press(signed_in("view_stripeevent", "change_stripeevent"), left_open(Outcome.RECEIVED))


@pytest.mark.both_databases
def test_only_a_post_by_whoever_has_the_permission_handles_an_event(handler: Handler) -> None:
    record, viewer = left_open(), signed_in("view_stripeevent")
    address = f"/admin/stripe-events/{record.pk}/handle/"
    assert "Handle again" not in shown(viewer, record)
    assert viewer.post(address).status_code == 302
    assert Client().post(address).status_code == 302
    User.objects.update(is_superuser=True)
    assert viewer.get(address).status_code == 405
    assert viewer.post("/admin/stripe-events/999999/handle/").status_code == 404
    assert handler.seen == []


def test_the_list_counts_what_came_in_the_last_day_by_outcome(admin_client: Client) -> None:
    for outcome in (Outcome.FOREIGN, Outcome.FOREIGN, Outcome.FAILED):
        left_open(outcome)
    left_open(Outcome.HANDLED, minutes=25 * 60)
    text = " ".join(admin_client.get("/admin/stripe-events/").content.decode().split())
    assert "In the last 24 hours: 2 not about an order of ours; 1 failed, to be tried again </p>" in text


@pytest.mark.both_databases
def test_a_long_id_leaves_the_other_columns_of_the_list_in_sight(admin_client: Client) -> None:
    name = "cs_test_" + "a1B2" * 14
    record = left_open(object_id=name)
    assert "cs_test_a1B2a1B2a1B…" in admin_client.get("/admin/stripe-events/").content.decode()
    assert name in shown(admin_client, record)
    assert str(record) in admin_client.get("/admin/stripe-events/", {"q": name}).content.decode()


# --- Retention --------------------------------------------------------------------------------------------
@pytest.mark.both_databases
def test_the_worker_deletes_old_events(settings: Any) -> None:
    settings.STRIPE_EVENT_KEEP_DAYS = 40
    for days in (39, 41, 42):
        left_open(Outcome.HANDLED, minutes=days * 24 * 60)
    events.expire()
    (left,) = StripeEvent.objects.all()
    assert timezone.now() - left.received_at < timedelta(days=40)
