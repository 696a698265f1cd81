"""Forms that were opened before another draft, version or announcement: what they hold is not saved over it."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from wagtail.models import Page

from policies.models import Policy, PolicyPage, PolicyVersion
from policies.versions import publication_preview
from tests.factories import policy_form, policy_page, publish, version
from tests.policies.announcing import FAIR, KIND, numbered
from tests.policies.drafting import announce_brave_rules, begin, draft_of, edit, editor, words

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def soon() -> datetime:
    return (timezone.now() + timedelta(days=10)).replace(microsecond=0)


@pytest.fixture
def announced(soon: datetime) -> PolicyPage:
    return announce_brave_rules(soon)


def started_from(client: Client, page: Page) -> str:
    return client.get(edit(page)).context["form"]["started_from"].value()


def test_a_form_that_was_opened_before_another_draft_began_is_not_saved_over_it(
    client: Client, announced: PolicyPage
) -> None:
    editor(client).post(begin(announced), {"beginning": "now"})
    start = started_from(client, announced)
    client.post(begin(announced), {"beginning": "after-2"})  # somebody else
    answer = client.post(edit(announced), policy_form(started_from=start))
    assert "Somebody else changed this page meanwhile" in answer.content.decode()
    assert words(draft_of(announced)) == "Be brave."
    again = {**policy_form(started_from=answer.context["form"]["started_from"].value())}
    assert "Somebody else changed" in client.post(edit(announced), again).content.decode()


def test_a_form_that_was_opened_before_another_version_was_published_does_not_undo_it(
    admin_client: Client,
) -> None:
    page = policy_page()
    publish(page)
    start = started_from(admin_client, page)
    publish(page, body="<p>Be brave.</p>", summary="By somebody else.")
    values = policy_form(started_from=start, **{"action-publish": "1"})
    assert "Somebody else changed" in admin_client.post(edit(page), values).content.decode()
    assert PolicyVersion.objects.count() == 2


def test_saving_twice_from_the_same_form_is_no_conflict(client: Client) -> None:
    page = policy_page()
    publish(page)
    start = started_from(editor(client), page)
    for summary in ("Half a thought.", "A whole one."):
        client.post(edit(page), policy_form(started_from=start, change_summary=summary))
    assert draft_of(page).change_summary == "A whole one."


def test_a_form_that_was_opened_before_the_announcement_is_not_saved(admin_client: Client) -> None:
    page = policy_page()
    publish(page)
    start = started_from(admin_client, page)
    publish(page, body="<p>Be brave.</p>", effective_from=timezone.now() + timedelta(days=3))
    answer = admin_client.post(edit(page), policy_form(started_from=start)).content.decode()
    assert "announced meanwhile" in answer
    assert not PolicyPage.objects.get().has_unpublished_changes


def test_a_review_begun_before_an_announcement_asks_for_the_tick(
    admin_client: Client, soon: datetime
) -> None:
    page = policy_page(body=[KIND, FAIR])
    publish(page)
    draft = page.get_latest_revision_as_object()
    draft.body, draft.change_summary, draft.based_on = [FAIR], "Less.", numbered(1)
    draft.save_revision()
    page = PolicyPage.objects.get()
    page.get_workflow().start(page, None)
    seen = publication_preview.preview_latest_draft(page).fingerprint
    version(Policy.objects.get(), html="<p>Be brave.</p>", at=soon)
    sent = {"decision": "approve", "seen": seen}
    answer = admin_client.post(f"/admin/policies/{page.pk}/review/", sent)
    assert answer.status_code == 422
    assert "Version 2, announced for" in answer.content.decode()
    sent = {"decision": "reject", "comment": "See version 2.", "seen": seen}
    admin_client.post(f"/admin/policies/{page.pk}/review/", sent)
    assert admin_client.get(f"/admin/pages/{page.pk}/edit/").status_code == 200
    assert PolicyVersion.objects.count() == 2
