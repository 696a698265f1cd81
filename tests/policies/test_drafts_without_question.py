"""Where a draft begins while nobody needs to be asked: nothing is announced, or the first version is."""

from datetime import datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from policies.models import CookiePolicyPage, PolicyPage, PolicyVersion
from tests.factories import cookie_policy, home_page, policy_form, policy_page, publish
from tests.policies.drafting import begin, draft_of, edit, editor, offered

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def soon() -> datetime:
    return (timezone.now() + timedelta(days=10)).replace(microsecond=0)


def test_a_policy_with_nothing_announced_opens_in_the_editor(client: Client) -> None:
    page = policy_page()
    publish(page)
    assert editor(client).get(edit(page)).status_code == 200


@pytest.mark.parametrize("key", ["instead-1", "after-1"])
def test_a_policy_whose_first_version_is_announced_can_be_edited(
    client: Client, soon: datetime, key: str
) -> None:
    page = policy_page()
    publish(page, effective_from=soon)
    assert offered(editor(client), page) == ["instead-1", "after-1"]
    client.post(begin(page), {"beginning": key})
    assert client.get(edit(page)).status_code == 200


def test_a_draft_older_than_the_question_keeps_the_base_of_its_day_when_it_is_saved_later(
    client: Client, soon: datetime
) -> None:
    page = policy_page()
    with time_machine.travel(timezone.now() - timedelta(days=5), tick=False):
        publish(page)
    with time_machine.travel(timezone.now() - timedelta(days=4), tick=False):
        old = draft_of(page)
        old.body, old.based_on = [("imported", "<p>Be old.</p>")], None
        old.save_revision(clean=False)
    editor(client).post(edit(page), policy_form(change_summary="Half a thought."))
    assert draft_of(page).based_on == PolicyVersion.objects.get()


def test_an_unpublished_page_is_opened_from_what_is_in_force(client: Client) -> None:
    page = policy_page()
    publish(page)
    PolicyPage.objects.get().unpublish()
    assert offered(editor(client), page) == ["now"]
    client.post(begin(page), {"beginning": "now"})
    assert client.get(edit(page)).status_code == 200
    assert draft_of(page).based_on.number == 1


@pytest.mark.also_without_shop
def test_the_words_of_the_consent_bar_start_from_there_too(client: Client, soon: datetime) -> None:
    page = cookie_policy(notice_text="First words.")
    cookie_policy(notice_text="Other words.", effective_from=soon)
    editor(client).post(begin(page), {"beginning": "now"})
    page = CookiePolicyPage.objects.get()
    assert page.get_latest_revision_as_object().notice_text == "First words."


@pytest.mark.parametrize("number", [0, 99999999])
def test_a_page_that_is_no_policy_is_not_found(admin_client: Client, number: int) -> None:
    home = home_page().pk
    for pk in (number, home):
        assert admin_client.get(f"/admin/policies/{pk}/begin/").status_code == 404
        assert admin_client.post(f"/admin/policies/{pk}/begin/", {"beginning": "now"}).status_code == 404


def test_a_new_page_without_a_policy_has_nothing_to_choose(admin_client: Client) -> None:
    page = policy_page()
    assert admin_client.get(edit(page)).status_code == 200
    assert admin_client.get(begin(page)).status_code == 200
    assert offered(admin_client, page) == []


def test_a_new_page_continues_an_orphaned_policy_from_what_is_in_force(admin_client: Client) -> None:
    publish(policy_page())
    PolicyPage.objects.get().delete()
    page = policy_page()
    values = policy_form(**{"action-publish": "1"})
    assert admin_client.post(edit(page), values).status_code == 302
    second = PolicyVersion.objects.get(number=2)
    assert (second.text, second.content["based_on"]) == ("Be kinder.", 1)


@pytest.mark.parametrize("screen", ["begin", "review", "publication-preview"])
def test_a_page_with_a_number_too_large_is_not_found(admin_client: Client, screen: str) -> None:
    assert admin_client.get(f"/admin/policies/{10**30}/{screen}/").status_code == 404
