"""Killed (SIGKILL) after each thing that it does: nothing is lost or done twice, and the next start goes on by itself.

See `tests.faults.killing`. Each test first lets a process do all of it and notes its deeds; then one dies before the
first, one after the first, and so on; of the changes of tokens `make test` takes the first, and the repetitions of
`make soak` share all of them. PostgreSQL, a real Redis, the real worker, and Stripe's stand-in.
"""

import json
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from tests.conftest import SOAK
from tests.faults import killed, killing, mail_servers, outages
from tests.faults.outages import Site
from tests.store import paying
from tools.stripe_sandbox.events import signature
from tools.stripe_sandbox.server import Sandbox

pytestmark = [pytest.mark.slow, pytest.mark.django_db, pytest.mark.postgresql]
SIGKILL = -9
RULES = "/house-rules/"


class Killer:
    """The site and Stripe's stand-in, and processes that die."""

    def __init__(self, site: Site, sandbox: Sandbox) -> None:
        self.site, self.sandbox = site, sandbox
        self.do = site.served.edit

    def run(self, act: Callable[..., Any], *arguments: Any, dies_after: int = killing.NEVER) -> list[str]:
        """Do something in a process of its own; return its deeds. It must end as it was told to."""
        name = f"{act.__module__}:{act.__qualname__}"
        told = self.do(killing.run, name, list(arguments), dies_after)
        assert told["ended"] == (0 if dies_after == killing.NEVER else SIGKILL), told
        return told["deeds"]

    def wait_until(self, is_so: Callable[[], bool]) -> None:
        end = time.monotonic() + 30
        while not is_so():
            assert time.monotonic() < end
            time.sleep(0.1)

    def assert_all_is_well(self) -> None:
        """The record is whole, the stock adds up, and no number of a paper is missing or there twice."""
        self.do(killed.verify)
        papers = self.do(killed.papers)
        assert papers["numbers"] == papers["counted"]
        stock = self.do(killed.stock)
        assert stock["on_hand"] == stock["moved_on_hand"]
        assert stock["held"] == stock["moved_held"] == stock["waiting"]

    def pay(self, token: str) -> None:
        """Press the button and pay; a webhook tells the site."""
        answer = self.do(killed.press_pay, token)
        assert answer["status"] == 303, answer
        self.sandbox.pay(urlsplit(answer["to"]).path.rpartition("/")[2])
        assert self.take_webhooks() == 200

    def webhook(self) -> tuple[str, str]:
        """Return the oldest event that waits, as it is sent."""
        event = self.sandbox.deliveries.waiting()[0]
        with self.sandbox.storage.transaction() as db:
            payload = json.dumps(db.find(event))
        return payload, signature(payload.encode(), [self.sandbox.webhook_secret])

    def take_webhooks(self) -> int | None:
        """Have everything that waits delivered to the web server, one after the other; return the last answer."""
        answers = paying.deliver(self.sandbox)
        return [*answers.values()][-1] if answers else None


@pytest.fixture(scope="module")
def killer(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Killer]:
    with Sandbox(retry_delays=(0.05,) * 20) as sandbox:
        sandbox.deliveries.on_hold = True
        stripe = {"STRIPE_API_URL": sandbox.url, "STRIPE_WEBHOOK_SECRET": sandbox.webhook_secret}
        settings = {"DJANGO_SETTINGS_MODULE": "tests.settings_killed", **stripe}
        with outages.site(tmp_path_factory.mktemp("kills"), **settings) as site:
            sandbox.webhook_url = f"http://127.0.0.1:{site.served.ports[0]}/stripe/webhook/"
            site.served.edit(killed.fill)
            yield Killer(site, sandbox)


Choose = Callable[[list[str]], Iterator[int]]


@pytest.fixture
def points(request: pytest.FixtureRequest) -> Choose:
    """Return what chooses, of deeds, after how many of them to die."""
    repetition = request.getfixturevalue("_repetition") if SOAK > 1 else 0

    def choose(deeds: list[str]) -> Iterator[int]:
        quick = {0, *(n for n, deed in enumerate(deeds, 1) if deed != "tokens" or n == deeds.index(deed) + 1)}
        for number in range(len(deeds) + 1):
            if number % SOAK == repetition if SOAK > 1 else number in quick:
                yield number

    return choose


def test_the_publication_of_a_policy_is_whole_or_did_not_happen(killer: Killer, points: Choose) -> None:
    deeds = killer.run(killed.publish, "Be number none.")
    assert {"commit", "tokens"} <= set(deeds)
    for number in points(deeds):
        words = f"Be number {number}."
        before = killer.do(killed.in_force)
        assert before in killer.site.served.get(RULES).text
        killer.run(killed.publish, words, dies_after=number)
        is_published = killer.do(killed.versions, words)
        holds = killer.do(killed.in_force)
        assert (words in holds) == bool(is_published) == (holds != before)
        for _ in range(2):
            assert holds in killer.site.served.get(RULES).text
        killer.do(killed.verify)
        killer.do(killed.publish, words)
        assert killer.do(killed.versions, words) == 1
        assert words in killer.site.served.get(RULES).text
    killer.assert_all_is_well()


def test_a_checkout_leaves_no_order_without_page_and_no_goods_held_for_nothing(
    killer: Killer, points: Choose
) -> None:
    deeds = killer.run(killed.press_pay, killer.do(killed.new_basket))
    assert deeds.count("Stripe post") == 1
    left_open = len(paying.sessions(killer.sandbox, "open"))
    for number in points(deeds):
        token = killer.do(killed.new_basket)
        killer.run(killed.press_pay, token, dies_after=number)
        if number % 2:  # the worker finds out by itself, or the shopper presses again before it does
            killer.do(killed.ask_stripe)
        held = [one["session"] for one in killer.do(killed.orders, token) if one["session"]]
        assert set(held) <= {session["id"] for session in paying.sessions(killer.sandbox, "open")}
        killer.pay(token)
        *earlier, order = killer.do(killed.orders, token)
        assert {one["status"] for one in earlier} <= {"cancelled"}
        assert (order["status"], order["sales"], order["mails"], order["papers"]) == ("paid", 1, 1, 1)
        killer.assert_all_is_well()
    assert len(paying.sessions(killer.sandbox, "open")) == left_open


def test_a_paid_order_is_settled_once(killer: Killer, points: Choose) -> None:
    def paid() -> tuple[str, tuple[str, str]]:
        token = killer.do(killed.new_basket)
        answer = killer.do(killed.press_pay, token)
        killer.sandbox.pay(urlsplit(answer["to"]).path.rpartition("/")[2])
        return token, killer.webhook()

    deeds = killer.run(killed.receive, *paid()[1])
    assert {"commit", "Stripe get"} <= set(deeds)
    killer.take_webhooks()
    for number in points(deeds):
        token, webhook = paid()
        killer.run(killed.receive, *webhook, dies_after=number)
        assert killer.take_webhooks() == 200
        (order,) = killer.do(killed.orders, token)
        assert (order["status"], order["sales"], order["mails"], order["papers"]) == ("paid", 1, 1, 1)
        killer.assert_all_is_well()


def test_a_refund_is_made_once_and_its_goods_come_back_once(killer: Killer, points: Choose) -> None:
    def paid() -> str:
        token = killer.do(killed.new_basket)
        killer.pay(token)
        return token

    deeds = killer.run(killed.refund, paid())
    assert (deeds.count("Stripe post"), deeds.count("commit")) == (1, 2)
    for number in points(deeds):
        token = paid()
        killer.run(killed.refund, token, dies_after=number)
        for _ in range(2):
            killer.do(killed.ask_stripe)
        known = killer.do(killed.refunded, token)
        with killer.sandbox.storage.transaction() as db:
            rows = db.rows("SELECT id FROM object WHERE kind = 'refund' AND parent = ?", known.pop("intent"))
        ids = [row["id"] for row in rows]
        if number == 0:  # nothing was committed, so nobody asked for it
            assert (known["refunds"], ids, known["returned"]) == ([], [], 0)
            continue
        assert known == {
            "refunds": [[1250, "succeeded", *ids]],
            "left": 1645,
            "mails": 2,
            "papers": 2,
            "returned": 1,
        }
        killer.assert_all_is_well()


def test_an_import_that_was_cut_short_is_completed_by_the_next(
    killer: Killer, points: Choose, tmp_path: Path
) -> None:
    days = ["2020-01-01", "2020-01-02"]
    for day in days:
        (tmp_path / f"{day}.md").write_text(f"# Old rules\n\nBe as on {day}.\n", "utf-8")
    unique = uuid.uuid4().hex
    deeds = killer.run(killed.import_all, unique, str(tmp_path))
    for number in points(deeds):
        slug = f"{unique}-{number}"
        killer.run(killed.import_all, slug, str(tmp_path), dies_after=number)
        there = killer.do(killed.dates, slug)
        assert there == days[: len(there)]
        killer.do(killed.verify)
        made = killer.do(killed.import_all, slug, str(tmp_path))
        assert (made["unchanged"], made["made"]) == (len(there), len(days) - len(there))
        assert killer.do(killed.dates, slug) == days
        assert killer.do(killed.has_page, slug)
        assert days[-1] in killer.site.served.get(f"/{slug}/").text
    killer.assert_all_is_well()


def test_a_worker_that_died_while_it_sealed_leaves_the_ledger_whole(killer: Killer, points: Choose) -> None:
    killer.do(killed.seal)
    killer.do(killed.publish, f"Be sealed {uuid.uuid4()}.")
    deeds = killer.run(killed.seal)
    for number in points(deeds):
        killer.do(killed.publish, f"Be sealed {number} times.")
        killer.run(killed.seal, dies_after=number)
        there = killer.do(killed.ledger)
        assert there["sealed"] == there["said"]
        killer.do(killed.verify)
        killer.do(killed.seal)
        there = killer.do(killed.ledger)
        assert there["sealed"] == there["all"] == there["said"]
        killer.do(killed.verify)


def test_no_mail_is_lost_with_the_worker_that_sent_it(killer: Killer, points: Choose) -> None:
    """A mail that the server took before the worker could note it is sent again: it is the same mail, by its id."""
    port = mail_servers.unused_port()
    killer.do(killed.forget_mail)
    with mail_servers.working(port) as received:
        killer.do(killed.queue_mail, "Number none")
        deeds = killer.run(killed.work, port)
        deeds = deeds[: deeds.index("mail") + 3]
        for number in points(deeds):
            received.clear()
            killer.do(killed.queue_mail, f"Number {number}")
            killer.run(killed.work, port, dies_after=number)
            killer.do(killed.work, port, 0.3)  # the claim of the dead worker is over
            assert len(received) in {1, 2}
            assert all(f"Subject: Number {number}\n" in mail.replace("\r", "") for mail in received)
            ids = {line for mail in received for line in mail.splitlines() if line.startswith("Message-ID")}
            assert len(ids) == 1
            killer.do(killed.work, port, 0.3)
            assert len(received) in {1, 2}


def test_a_web_server_goes_on_when_its_worker_died_in_the_middle_of_a_checkout(killer: Killer) -> None:
    token = killer.do(killed.new_basket)
    form = killer.do(killed.form_of, token)
    lost = post(killer, token, form, dies_after=1)
    assert lost is None
    killer.wait_until(killer.site.served.is_up)
    again = post(killer, token, form)
    assert again is not None
    assert again.status == 303
    killer.sandbox.pay(urlsplit(again.headers["Location"]).path.rpartition("/")[2])
    assert killer.take_webhooks() == 200
    statuses = [order["status"] for order in killer.do(killed.orders, token)]
    assert statuses == ["cancelled", "paid"]
    killer.assert_all_is_well()


def post(killer: Killer, token: str, form: dict[str, str], *, dies_after: int = killing.NEVER) -> Any:
    """Press the button in a browser; None when the connection breaks without an answer."""
    served = killer.site.served
    headers = {
        "Cookie": f"basket={token}",
        "Content-Type": "application/x-www-form-urlencoded",
        "Origin": served.environment["SITE_URL"],
    }
    if dies_after != killing.NEVER:
        headers[killing.HEADER] = str(dies_after)
    try:
        return served.get("/checkout/", method="POST", body=urlencode(form), **headers)
    except OSError:
        return None
