"""The demo: complete, as if the shop had lived for a while, the same when seeded twice, never in production."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from config.demo import people
from forms.models import Submission
from home.models import HomePage, User
from policies.models import ConsentRecord, Policy, PolicyVersion

pytestmark = pytest.mark.django_db


@pytest.fixture
def _seeded() -> None:
    call_command("seed_demo", stdout=StringIO())


def _counts() -> dict[str, int]:
    models = (PolicyVersion, ConsentRecord, Submission, User, Policy)
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


def test_production_gets_no_logins_with_published_passwords(settings: Settings) -> None:
    settings.DEMO_LOGINS = False
    with pytest.raises(ImproperlyConfigured):
        call_command("seed_demo", stdout=StringIO())
    assert not User.objects.exists()
