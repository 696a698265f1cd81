"""The demo: complete, as if the shop had lived for a while, the same when seeded twice."""

import time
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from post_office.models import Email
from pytest_django import Settings

from demo import people, shop
from forms.models import Submission
from home.models import HomePage, User
from policies.facts import registry
from policies.models import ConsentRecord, Policy, PolicyVersion
from store.models import DeliveryCountry, Order, OrderEvent, ProductPage, StockItem, StockMovement
from store.models.stock import LOW_STOCK
from store.payments import reconciliation
from tests.store import paying
from tests.tools.stripe_sandbox.shop import Inbox
from tools.stripe_sandbox.server import Sandbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def _seeded() -> None:
    call_command("seed_demo", stdout=StringIO())


def _counts() -> dict[str, int]:
    models = (PolicyVersion, ConsentRecord, Submission, User, Policy, ProductPage, StockMovement)
    return {model._meta.label: model.objects.count() for model in models}


@pytest.mark.usefixtures("_seeded")
def test_the_tree_reads_as_a_site_map() -> None:
    slugs = [page.slug for page in HomePage.objects.get().get_children()]
    assert slugs == ["about", "shop", "privacy-policy", "cookie-policy", "terms", "contact", "feedback"]


@pytest.mark.usefixtures("_seeded")
def test_seeding_twice_doubles_nothing() -> None:
    before = _counts()
    call_command("seed_demo", stdout=StringIO())
    assert _counts() == before


@pytest.mark.usefixtures("_seeded")
def test_the_privacy_policy_has_a_past_a_present_and_a_future() -> None:
    policy = Policy.objects.get(slug="privacy-policy")
    now = timezone.now()
    assert policy.in_force(now).number == 2
    assert policy.in_force(now - timedelta(days=365)).number == 1
    assert [version.number for version in policy.versions.pending(now)] == [3]
    first = policy.versions.get(number=1)
    assert timedelta(days=729) <= now - first.effective_at <= timedelta(days=732)


@pytest.mark.usefixtures("_seeded")
def test_the_policy_prints_the_brand_and_the_periods_of_the_forms() -> None:
    version = Policy.objects.get(slug="privacy-policy").in_force()
    assert "Exampleton" in version.html
    assert version.facts["company"]["email"] == "hello@jomso.example"
    assert {entry["key"]: entry["days"] for entry in version.facts["personal_data"]}[
        "forms.submissions"
    ] == 365


@pytest.mark.usefixtures("_seeded")
def test_choices_and_messages_are_spread_over_a_month() -> None:
    now = timezone.now()
    days = {(now - record.created_at).days for record in ConsentRecord.objects.all()}
    assert len(days) >= 28
    assert max(days) <= 30
    assert Submission.objects.count() == 14
    assert Submission.objects.filter(submit_time__lt=now - timedelta(days=20)).exists()


PAGES = (
    "/",
    "/about/",
    "/shop/",
    "/shop/notebook/",
    "/shop/zinc-bucket/",
    "/privacy-policy/",
    "/privacy-policy/versions/",
    "/privacy-policy/versions/1/",
    "/privacy-policy/versions/3/",
    "/privacy-policy/compare/1/2/",
    "/privacy-policy/compare/2/3/",
    "/cookie-policy/",
    "/terms/",
    "/terms/compare/1/2/",
    "/cookies/",
    "/contact/",
    "/feedback/",
)


@pytest.mark.usefixtures("_seeded")
def test_every_page_of_the_demo_answers_without_a_cookie(client: Client) -> None:
    responses = {path: client.get(path) for path in PAGES}
    assert {path: response.status_code for path, response in responses.items()} == dict.fromkeys(PAGES, 200)
    assert not any(response.cookies for response in responses.values())


@pytest.mark.usefixtures("_seeded")
def test_what_the_policies_state_is_what_the_site_does() -> None:
    for policy in Policy.objects.all():
        version = policy.in_force()
        assert version is not None
        stated = {key: data for key, data in version.facts.items() if key != "notice"}
        assert stated == {key: registry.collect(key) for key in stated}, policy
    assert "OpenStreetMap" in [entry["name"] for entry in registry.collect("recipients")]


@pytest.mark.usefixtures("_seeded")
def test_the_map_waits_for_the_visitor_and_no_visit_is_counted(client: Client) -> None:
    html = client.get("/about/").content.decode()
    assert 'data-category="media"' in html
    assert "Load once" in html
    assert "data-consent-category" not in html


@pytest.mark.usefixtures("_seeded")
def test_no_fact_is_left_as_a_placeholder() -> None:
    for version in PolicyVersion.objects.all():
        assert "{{" not in version.html


def test_a_site_with_content_is_left_alone_if_asked() -> None:
    call_command("seed_demo", stdout=StringIO())
    HomePage.objects.get().get_children().get(slug="about").delete()
    before = _counts()
    call_command("seed_demo", "--if-empty", stdout=StringIO())
    assert _counts() == before
    assert not HomePage.objects.get().get_children().filter(slug="about").exists()


def test_the_demo_logins_work_with_their_rights(client: Client) -> None:
    call_command("seed_demo", stdout=StringIO())
    for login in people.LOGINS:
        response = client.post("/admin/login/", {"username": login.email, "password": people.PASSWORD})
        assert response.status_code == 302, login.role
        client.get("/admin/logout/")


def test_the_command_says_who_can_sign_in(client: Client) -> None:
    output = StringIO()
    call_command("seed_demo", stdout=output)
    assert people.PASSWORD in output.getvalue()
    assert all(login.email in output.getvalue() for login in people.LOGINS)
    User.objects.get(email="owner@jomso.example").delete()
    assert "owner@jomso.example" not in call_command("seed_demo", "--if-empty", stdout=StringIO())


@pytest.mark.usefixtures("_seeded")
def test_the_range_is_for_sale_with_its_stock_and_some_of_it_is_scarce() -> None:
    assert ProductPage.objects.live().count() == len(shop.products()) == 14
    left = {variant.sku: variant.on_hand for product in shop.products() for variant in product.variants}
    assert StockItem.objects.available(left) == left
    assert left["BUCKET-10"] == left["LAMP-GREEN"] == 0
    assert 0 < left["NB-A6-PLAIN"] <= LOW_STOCK
    assert [country.code for country in DeliveryCountry.objects.deliverable()] == ["GB", "IE", "DE", "FR"]


@pytest.fixture
def sandbox(settings: Settings) -> Iterator[Sandbox]:
    with paying.stand_in(settings) as running:
        yield running


@pytest.mark.usefixtures("_seeded")
def test_without_a_sandbox_there_are_no_orders() -> None:
    assert not Order.objects.exists()


@pytest.mark.usefixtures("sandbox", "_seeded")
def test_a_month_of_orders_stands_in_every_status() -> None:
    now = timezone.now()
    assert set(Order.objects.values_list("status", flat=True)) == set(Order.Status) - {Order.Status.REVIEW}
    placed = Order.objects.values_list("placed_at", flat=True)
    assert now - timedelta(days=31) < min(placed) < now - timedelta(days=28)
    assert max(placed) <= now
    for event in OrderEvent.objects.select_related("order"):
        assert event.order.placed_at <= event.happened_at <= now
    for order in Order.objects.exclude(status__in=Order.HOLDING):
        history = [event.to_status for event in order.events.all() if event.to_status]
        assert history[-1] == order.status
        assert order.terms_accepted.effective_at < order.placed_at


@pytest.mark.usefixtures("sandbox", "_seeded")
def test_the_stock_of_the_month_adds_up() -> None:
    left = {variant.sku: variant.on_hand for product in shop.products() for variant in product.variants}
    free = StockItem.objects.available(left)
    assert free == left
    for item in StockItem.objects.all():
        movements = StockMovement.objects.filter(sku=item.sku)
        assert item.on_hand == sum(movement.on_hand_change for movement in movements)
        assert item.held == sum(movement.held_change for movement in movements)


@pytest.mark.usefixtures("sandbox", "_seeded")
def test_the_month_leaves_no_mail_to_send_and_is_lived_once() -> None:
    assert not Email.objects.exists()
    before = list(Order.objects.values_list("number", "status"))
    call_command("seed_demo", stdout=StringIO())
    assert list(Order.objects.values_list("number", "status")) == before


@pytest.mark.usefixtures("sandbox", "_seeded")
def test_the_history_of_each_order_to_look_at_says_why() -> None:
    marked = Order.objects.filter(needs_attention=True)
    assert marked
    for order in marked:
        event = order.events.get(reason=OrderEvent.Reason.ASKED_TO_LOOK)
        assert event.get_reason_display()
        assert event.note


@pytest.mark.usefixtures("sandbox", "_seeded")
def test_after_the_month_the_sandbox_goes_on_with_the_open_orders(sandbox: Sandbox) -> None:
    assert sandbox.deliveries.waiting() == []
    assert abs(sandbox.account.clock() - time.time()) < 1
    report = reconciliation.reconcile(everything=True)
    assert report.asked >= 3
    assert (report.changed, report.unanswered) == ({}, [])
    assert not Order.objects.filter(events__note__contains="does not know").exists()
    awaiting = Order.objects.filter(status=Order.Status.AWAITING)
    assert all(order.session_url.startswith(sandbox.url) for order in awaiting)


@pytest.mark.parametrize("url", ["", "https://api.stripe.com", "{other}", "http://localhost.example:{port}"])
def test_orders_are_made_at_a_sandbox_on_this_machine_or_not_at_all(
    settings: Settings, sandbox: Sandbox, url: str
) -> None:
    said = StringIO()
    with Inbox(answers=[404]) as other:
        port = sandbox.url.rpartition(":")[2]
        settings.STRIPE_API_URL = url.format(other=other.url, port=port)
        call_command("seed_demo", stdout=said)
    assert "It has no orders" in said.getvalue()
    assert not Order.objects.exists()
    assert StockItem.objects.available(["LAMP-GREEN"]) == {"LAMP-GREEN": 0}
