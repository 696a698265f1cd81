"""The demo: complete, as if the shop had lived for a while, the same when seeded twice."""

from collections.abc import Iterator
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from demo import people, shop
from demo.tasks import TASKS
from forms.models import FormPage, SavedReply, Submission, ThreadEntry
from home.models import HomePage, User
from policies.consent import notices
from policies.facts import registry, typed
from policies.models import ConsentRecord, Policy, PolicyPage, PolicyVersion
from policies.versions.dashboard import statuses
from store.models import (
    DeliveryCountry,
    Order,
    ProductPage,
    ProductVariant,
    ShopSettings,
    StockItem,
    StockMovement,
)
from tests import factories
from tests.store import paying
from tests.tools.stripe_sandbox.shop import Inbox
from tools.stripe_sandbox.server import Sandbox

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture(scope="module", autouse=True)
def _seeded(database_of_module: None) -> None:
    call_command("seed_demo", stdout=StringIO())


def _counts() -> dict[str, int]:
    models = (
        PolicyVersion,
        ConsentRecord,
        Submission,
        ThreadEntry,
        SavedReply,
        User,
        Policy,
        ProductPage,
        StockMovement,
    )
    return {model._meta.label: model.objects.count() for model in models}


def test_the_tree_reads_as_a_site_map() -> None:
    slugs = [page.slug for page in HomePage.objects.get().get_children()]
    policies = ["privacy-policy", "cookie-policy", "terms"]
    assert slugs == ["shop", "about", *policies, "news", "contact", "feedback"]


def test_the_home_page_shows_goods_categories_and_news(client: Client) -> None:
    page = client.get("/").content.decode()
    assert 'href="/shop/">See what we have</a>' in page
    for heading in ("New on the shelf", "For every room", "News"):
        section = page.partition(f"<h2>{heading}</h2>")[2].partition("</section>")[0]
        assert section.count('<li class="good') >= 3, heading


def test_seeding_twice_doubles_nothing() -> None:
    before = _counts()
    call_command("seed_demo", stdout=StringIO())
    assert _counts() == before


def test_the_privacy_policy_has_a_past_a_present_and_a_future() -> None:
    policy = Policy.objects.get(slug="privacy-policy")
    now = timezone.now()
    assert policy.in_force(now).number == 2
    assert policy.in_force(now - timedelta(days=365)).number == 1
    assert [version.number for version in policy.versions.pending(now)] == [3]
    first = policy.versions.get(number=1)
    assert timedelta(days=729) <= now - first.effective_at <= timedelta(days=732)


def test_the_policy_prints_the_brand_and_the_periods_of_the_forms() -> None:
    version = Policy.objects.get(slug="privacy-policy").in_force()
    assert "Exampleton" in version.html
    assert version.facts["company"]["email"] == "hello@jomso.example"
    assert {entry["key"]: entry["days"] for entry in version.facts["personal_data"]}[
        "forms.submissions"
    ] == 365


@pytest.mark.both_databases
def test_choices_and_messages_are_spread_over_a_month() -> None:
    now = timezone.now()
    days = {(now - record.created_at).days for record in ConsentRecord.objects.all()}
    assert len(days) >= 28
    assert max(days) <= 30
    assert Submission.objects.count() == 24
    assert Submission.objects.filter(submit_time__lt=now - timedelta(days=20)).exists()


def test_messages_have_every_status_ratings_products_and_threads(client: Client) -> None:
    assert set(Submission.objects.values_list("status", flat=True)) == set(Submission.Status.values)
    assert Submission.objects.exclude(rating=None).count() == 12
    assert set(Submission.objects.values_list("subject_kind", flat=True)) == {"", "product"}
    assert set(ThreadEntry.objects.values_list("kind", flat=True)) == {"reply", "answer"}
    assert not Submission.objects.filter(status="answered").exclude(thread__kind="reply").exists()
    answer = ThreadEntry.objects.get(kind="answer")
    assert answer.answers.at < answer.at < timezone.now()
    assert all("{name}" in reply.text for reply in SavedReply.objects.all())
    assert not Submission.objects.filter(name="").exists(), "the inbox shows who wrote"
    assert FormPage.objects.get(slug="contact").answer_days == 2
    client.force_login(User.objects.get(email="service@jomso.example"))
    assert "<strong>4.0 of 5</strong> 12 ratings" in client.get("/admin/messages/ratings/").content.decode()


PAGES = (
    "/",
    "/about/",
    "/shop/",
    "/shop/notebook/",
    "/shop/zinc-bucket/",
    "/shop/canvas-bag/",
    "/shop/picnic-blanket/",
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


def test_every_page_of_the_demo_answers_without_a_cookie(client: Client) -> None:
    responses = {path: client.get(path) for path in PAGES}
    assert {path: response.status_code for path, response in responses.items()} == dict.fromkeys(PAGES, 200)
    assert not any(response.cookies for response in responses.values())


def test_what_the_policies_state_is_what_the_site_does() -> None:
    for policy in Policy.objects.all():
        version = policy.in_force()
        assert version is not None
        stated = {key: data for key, data in version.facts.items() if key != "notice"}
        assert stated == {key: registry.collect(key) for key in stated}, policy
    assert "OpenStreetMap" in [entry["name"] for entry in registry.collect("recipients")]


def test_no_text_of_the_demo_repeats_by_hand_what_a_live_fact_says() -> None:
    now = registry.stated_now()
    assert {known.fact for known in now} == {
        "company",
        "cookies",
        "personal_data",
        "recipients",
        "withdrawal",
    }
    for version in PolicyVersion.objects.all():
        html = typed.with_notice(version.html, version.facts)
        assert typed.find(html, now, now=now) == [], version


def test_all_but_the_draft_for_the_lawyer_is_as_published_and_nobody_is_asked_for_nothing(
    client: Client,
) -> None:
    for status in statuses(Policy.objects.all(), now=timezone.now()):
        assert status.is_as_published == (status.policy.slug != "terms"), status
    assert notices.current(timezone.now()).varnames == ("media",)


def test_the_demo_declares_who_receives_data_without_a_browser_meeting_them() -> None:
    stated = Policy.objects.get(slug="privacy-policy").in_force()
    declared = [entry["name"] for entry in stated.facts["recipients"] if entry.get("is_declared")]
    assert declared == ["Fernhollow Hosting", "Parcelhare Carriers", "Quillpost Mail", "Tallowby Bookkeeping"]
    assert all(name in stated.text for name in declared)
    assert "Not yet stated" not in stated.text


def test_the_map_waits_for_the_visitor_and_no_visit_is_counted(client: Client) -> None:
    html = client.get("/about/").content.decode()
    assert 'data-category="media"' in html
    assert "Load once" in html
    assert "data-consent-category" not in html


def test_no_fact_is_left_as_a_placeholder() -> None:
    for version in PolicyVersion.objects.all():
        assert "{{" not in version.html


@pytest.mark.both_databases
def test_a_site_with_content_is_left_alone_if_asked() -> None:
    HomePage.objects.get().get_children().get(slug="about").delete()
    before = _counts()
    call_command("seed_demo", "--if-empty", stdout=StringIO())
    assert _counts() == before
    assert not HomePage.objects.get().get_children().filter(slug="about").exists()


def test_the_demo_logins_work_with_their_rights(client: Client) -> None:
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


@pytest.mark.both_databases
def test_the_range_is_for_sale_with_its_stock_and_some_of_it_is_scarce() -> None:
    assert ProductPage.objects.live().count() == len(shop.products()) == 17
    left = {variant.sku: variant.on_hand for product in shop.products() for variant in product.variants}
    assert StockItem.objects.available(left) == left
    assert left["BUCKET-10"] == left["LAMP-GREEN"] == 0
    assert 0 < left["NB-A6-PLAIN"] <= ShopSettings.current().low_stock
    assert [country.code for country in DeliveryCountry.objects.deliverable()] == ["GB", "IE", "DE", "FR"]


def test_without_a_sandbox_there_are_no_orders() -> None:
    assert not Order.objects.exists()


@pytest.fixture
def sandbox(settings: Settings) -> Iterator[Sandbox]:
    with paying.stand_in(settings) as running:
        yield running


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


def test_the_page_of_tasks_has_a_card_for_each(client: Client) -> None:
    page = client.get("/demo/").content.decode()
    assert [page.count(f">{task.title}</h2>") for task in TASKS] == [1] * 6


@pytest.mark.parametrize("name", ["pack", "change", "approve", "brand"])
def test_a_task_signs_in_the_person_whose_task_it_is(client: Client, name: str) -> None:
    factories.placed_order(factories.basket(**{ProductVariant.objects.exclude(sku="")[0].sku: 1}))
    Order.objects.update(status=Order.Status.PAID)
    task = next(task for task in TASKS if task.name == name)
    screen = client.post(f"/demo/enter/{name}/", follow=True)
    assert screen.status_code == 200
    assert screen.wsgi_request.user == User.objects.get(email=f"{task.role.lower()}@jomso.example")
    assert screen.redirect_chain[0] == (task.url(), 303)
    assert screen.wsgi_request.path != reverse("wagtailadmin_home")


@pytest.mark.parametrize("name", ["read", "buy"])
def test_a_task_of_visitors_needs_nobody(client: Client, name: str) -> None:
    task = next(task for task in TASKS if task.name == name)
    assert f'href="{task.url()}"' in client.get("/demo/").content.decode()
    assert client.get(task.url()).status_code == 200
    assert client.post(f"/demo/enter/{name}/")["Location"] == task.url()
    assert "sessionid" not in client.cookies


def test_what_changed_is_shown_from_what_is_in_force_to_what_comes() -> None:
    """Also where what comes was announced before what is in force."""
    (read,) = (task for task in TASKS if task.name == "read")
    assert read.url() == "/privacy-policy/compare/2/3/"
    factories.version(Policy.objects.get(slug="privacy-policy"), at=timezone.now())
    assert read.url() == "/privacy-policy/compare/4/3/"


def test_a_draft_waits_for_the_lawyer(client: Client) -> None:
    review = client.post("/demo/enter/approve/", follow=True).content.decode()
    assert "[removed: </span> five<span" in review
    assert "[added: </span> three<span" in review


def test_a_door_whose_person_is_gone_is_not_shown(client: Client) -> None:
    User.objects.filter(email="lawyer@jomso.example").delete()
    assert "Approve it" not in client.get("/demo/").content.decode()
    assert client.post("/demo/enter/approve/").status_code == 404


def test_a_door_opens_for_pages_of_this_site_only() -> None:
    other = Client(enforce_csrf_checks=True, headers={"Sec-Fetch-Site": "cross-site"})
    assert other.post("/demo/enter/brand/").status_code == 403
    assert Client().get("/demo/enter/brand/").status_code == 405


def test_a_door_that_nobody_made_is_not_found(client: Client) -> None:
    assert client.post("/demo/enter/nobody/").status_code == 404


def test_a_door_without_its_page_is_closed(client: Client) -> None:
    PolicyPage.objects.get(slug="privacy-policy").delete()
    assert client.get("/demo/").status_code == 200
    assert client.post("/demo/enter/change/").status_code == 404
