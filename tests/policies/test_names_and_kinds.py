"""The name and the kind of a policy: those of its text in force, whatever its drafts and imports are called."""

from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from policies.models import Policy, PolicyPage, PolicyVersion
from tests.factories import policy, policy_page, publish, version

pytestmark = pytest.mark.django_db


def shown(client: Client, path: str = "/house-rules/") -> str:
    response = client.get(path)
    assert response.status_code == 200
    return response.content.decode()


def test_a_renamed_policy_goes_by_its_new_name_everywhere(client: Client) -> None:
    page = policy_page(kind="terms")
    publish(page)
    publish(page, title="Rules of the house")

    assert Policy.objects.get().title == "Rules of the house"
    for path in ("/", "/house-rules/versions/"):
        assert "Rules of the house" in shown(client, path)


def test_a_new_name_that_is_announced_waits_for_its_hour_in_the_footer(client: Client) -> None:
    page = policy_page(kind="terms")
    publish(page)
    hour = timezone.now() + timedelta(days=1)
    publish(page, title="Rules of the house", effective_from=hour)

    assert ">House rules<" in shown(client, "/")
    with time_machine.travel(hour):
        assert ">Rules of the house<" in shown(client, "/")


def test_the_kind_of_a_policy_follows_its_page() -> None:
    page = policy_page()
    publish(page)
    assert Policy.objects.get().kind == Policy.Kind.OTHER

    version = publish(page, body="<p>We know nothing of you.</p>", page_kind="privacy")

    assert Policy.objects.get().kind == Policy.Kind.PRIVACY
    assert version.content["kind"] == Policy.Kind.PRIVACY


def test_another_kind_alone_is_another_version_of_an_imported_policy(tmp_path: Path) -> None:
    file = tmp_path / "2020-01-02.md"
    file.write_text("# House rules\n\nBe kind.\n", encoding="utf-8")
    call_command("import_policy", str(file), page="house-rules", verbosity=0, stdout=StringIO())
    publish(PolicyPage.objects.get(), page_kind="terms")

    assert Policy.objects.get().kind == Policy.Kind.TERMS
    assert PolicyVersion.objects.get(number=2).content["kind"] == Policy.Kind.TERMS


def test_imports_in_any_order_leave_the_policy_the_name_of_the_latest_text(tmp_path: Path) -> None:
    for year, title in ((2020, "Older rules"), (2021, "Newer rules"), (2019, "Oldest rules")):
        file = tmp_path / f"{year}-01-02.md"
        file.write_text(f"# {title}\n\nBe kind.\n", encoding="utf-8")
        call_command("import_policy", str(file), page="house-rules", verbosity=0, stdout=StringIO())

    assert Policy.objects.get().title == "Newer rules"


def test_a_policy_has_the_kind_of_its_drafts_and_the_title_of_its_latest_version() -> None:
    rules = policy()
    version(rules, title="Terms", policy_kind=Policy.Kind.TERMS)
    version(rules, title="Terms of sale")
    rules.refresh_from_db()
    assert (rules.kind, rules.title) == (Policy.Kind.TERMS, "Terms of sale")


def test_of_two_titles_for_the_same_moment_the_later_recorded_is_that_of_the_policy() -> None:
    rules, at = policy(), timezone.now()
    version(rules, title="Terms", at=at)
    version(rules, title="Terms of sale", at=at)
    rules.refresh_from_db()
    assert rules.title == "Terms of sale"
