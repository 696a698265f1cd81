"""Where a draft begins while a version is announced: the editor is asked, and the draft starts from what was chosen."""

from datetime import datetime, timedelta

import pytest
import time_machine
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone

from home.models import User
from policies.models import Policy, PolicyPage, PolicyVersion
from policies.versions import publishing
from tests.factories import policy_form, policy_page, publish, withdraw
from tests.policies.drafting import announce_brave_rules, begin, draft_of, edit, editor, offered, words

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture(scope="module")
def soon() -> datetime:
    return (timezone.now() + timedelta(days=10)).replace(microsecond=0)


@pytest.fixture(scope="module")
def announced_page(database_of_module: None, soon: datetime) -> int:
    return announce_brave_rules(soon).pk


@pytest.fixture
def announced(announced_page: int, db: None) -> PolicyPage:
    return PolicyPage.objects.get(pk=announced_page)


# --- When it is asked ------------------------------------------------------------------------------------------


def test_opening_a_policy_with_an_announced_version_asks_and_writes_nothing(
    client: Client, announced: PolicyPage
) -> None:
    before = announced.revisions.count()
    answer = editor(client).get(edit(announced))
    assert (answer.status_code, answer.headers["Location"]) == (302, begin(announced))
    shown = client.get(begin(announced)).content.decode()
    for label in ("Before version 2", "Instead of version 2", "After version 2"):
        assert label in shown, label
        assert f">Start: {label}" in shown, "each button has words of its own"
    assert "Keep the draft" not in shown
    assert announced.revisions.count() == before
    assert not PolicyPage.objects.get().has_unpublished_changes


def test_a_draft_that_was_begun_is_opened(client: Client, announced: PolicyPage) -> None:
    editor(client).post(begin(announced), {"beginning": "now"})
    shown = client.get(edit(announced))
    assert shown.status_code == 200
    assert "Start from another text" in shown.content.decode()
    assert "Keep its text and say what it changes" in client.get(begin(announced)).content.decode()


def test_after_a_withdrawal_the_draft_starts_from_what_is_in_force(
    client: Client, announced: PolicyPage
) -> None:
    withdraw(PolicyVersion.objects.get(number=2))
    asked = editor(client).get(edit(announced), follow=True).content.decode()
    assert "Version 2 was withdrawn" in asked
    assert offered(client, announced) == ["now"]
    client.post(begin(announced), {"beginning": "now"})
    assert words(draft_of(announced)) == "Be kind."


def test_once_the_announced_version_is_in_force_nothing_is_asked(
    client: Client, announced: PolicyPage, soon: datetime
) -> None:
    with time_machine.travel(soon + timedelta(hours=1), tick=False):
        assert editor(client).get(edit(announced)).status_code == 200


def test_an_earlier_version_published_meanwhile_is_asked_about_when_the_announced_one_is_in_force(
    client: Client, announced: PolicyPage, soon: datetime
) -> None:
    publish(announced, body="<p>Be quiet.</p>")
    with time_machine.travel(soon + timedelta(hours=1), tick=False):
        assert offered(editor(client), announced) == ["now"]
        client.post(begin(announced), {"beginning": "now"})
        assert words(draft_of(announced)) == "Be brave."


def test_a_draft_is_asked_about_when_what_it_started_from_is_over(
    client: Client, announced: PolicyPage, soon: datetime
) -> None:
    editor(client).post(begin(announced), {"beginning": "now"})
    assert client.get(edit(announced)).status_code == 200
    with time_machine.travel(soon + timedelta(hours=1), tick=False):
        client.force_login(User.objects.get(email="editor@example.com"))
        assert client.get(edit(announced)).headers["Location"] == begin(announced)
        assert "Keep the draft" in client.get(begin(announced)).content.decode()


def test_a_draft_is_asked_about_when_what_it_replaces_was_withdrawn(
    client: Client, announced: PolicyPage
) -> None:
    editor(client).post(begin(announced), {"beginning": "instead-2"})
    withdraw(PolicyVersion.objects.get(number=2))
    assert client.get(edit(announced)).headers["Location"] == begin(announced)


def test_a_draft_older_than_the_question_is_asked_about_while_a_version_is_announced(
    client: Client, announced: PolicyPage
) -> None:
    old = draft_of(announced)
    old.body, old.based_on = [("imported", "<p>Be old.</p>")], None
    old.save_revision(clean=False)
    assert editor(client).get(edit(announced)).headers["Location"] == begin(announced)
    client.post(begin(announced), {"beginning": "now", "keep": "yes"})
    draft = draft_of(announced)
    assert (words(draft), draft.based_on.number) == ("Be old.", 1)
    assert client.get(edit(announced)).status_code == 200


def test_a_page_under_review_opens_for_its_reviewer(admin_client: Client, announced: PolicyPage) -> None:
    admin_client.post(begin(announced), {"beginning": "instead-2"})
    announced = PolicyPage.objects.get()
    announced.get_workflow().start(announced, None)
    withdraw(PolicyVersion.objects.get(number=2))
    assert admin_client.get(edit(announced)).status_code == 200
    answer = admin_client.post(begin(announced), {"beginning": "now"}, follow=True).content.decode()
    assert "under review" in answer


# --- What the draft is -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("key", "said", "based_on", "replaces", "takes_effect"),
    [
        ("now", ("Be kind.", "House rules"), 1, None, ""),
        ("instead-2", ("Be brave.", "Brave rules"), 1, 2, "later"),
        ("after-2", ("Be brave.", "Brave rules"), 2, None, ""),
    ],
)
def test_the_draft_starts_from_what_was_chosen(
    client: Client,
    announced: PolicyPage,
    soon: datetime,
    key: str,
    said: tuple[str, str],
    based_on: int,
    replaces: int | None,
    takes_effect: str,
) -> None:
    answer = editor(client).post(
        begin(announced), {"beginning": key, "seen": str(announced.latest_revision_id)}
    )
    assert answer.headers["Location"] == edit(announced)
    draft = draft_of(announced)
    assert ((words(draft), draft.title), draft.based_on.number) == (said, based_on)
    assert (draft.replaces and draft.replaces.number) == replaces
    assert (draft.takes_effect, draft.effective_from) == (takes_effect, soon if takes_effect else None)
    assert (draft.change_summary, draft.change_kind, draft.undone_by) == ("", "", [])
    assert PolicyVersion.objects.count() == 2
    shown = client.get(edit(announced)).context["form"]
    assert shown["takes_effect"].value() == takes_effect  # what was taken over is not emptied by the form


@pytest.mark.also_without_shop
def test_a_draft_keeps_its_text_and_what_was_said_and_says_what_else_it_changes(
    client: Client, announced: PolicyPage
) -> None:
    editor(client).post(begin(announced), {"beginning": "now"})
    draft = draft_of(announced)
    draft.body, draft.change_summary = [("imported", "<p>Be mine.</p>")], "Mine."
    draft.save_revision(clean=False)
    client.post(begin(announced), {"beginning": "after-2", "keep": "yes"})
    kept = draft_of(announced)
    assert (words(kept), kept.change_summary) == ("Be mine.", "Mine.")
    assert (kept.based_on.number, kept.replaces, kept.takes_effect) == (2, None, "")


def test_the_old_draft_stays_in_the_history(client: Client, announced: PolicyPage) -> None:
    editor(client).post(begin(announced), {"beginning": "now"})
    before = announced.revisions.count()
    client.post(begin(announced), {"beginning": "after-2"})
    assert announced.revisions.count() == before + 1


# --- Bad input, and who may ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"beginning": ""},
        {"beginning": "instead-99"},
        {"beginning": "instead-1"},
        {"beginning": "now\x00"},
        {"beginning": "now", "seen": "1"},
        {"beginning": "now", "seen": "x"},
        {"beginning": "x" * 5000, "keep": "yes"},
    ],
)
def test_a_choice_that_is_none_makes_no_draft(
    client: Client, announced: PolicyPage, sent: dict[str, str]
) -> None:
    answer = editor(client).post(begin(announced), sent, follow=True)
    assert answer.status_code < 500
    assert not PolicyPage.objects.get().has_unpublished_changes


@pytest.mark.also_without_shop
def test_what_was_chosen_for_a_version_that_took_effect_meanwhile_is_asked_again(
    client: Client, announced: PolicyPage, soon: datetime
) -> None:
    with time_machine.travel(soon + timedelta(hours=1), tick=False):
        answer = (
            editor(client).post(begin(announced), {"beginning": "instead-2"}, follow=True).content.decode()
        )
    assert "may have changed since" in answer
    assert not PolicyPage.objects.get().has_unpublished_changes


def test_a_draft_that_somebody_else_saved_meanwhile_is_not_set_aside_unseen(
    client: Client, announced: PolicyPage
) -> None:
    seen = str(announced.latest_revision_id)
    editor(client).post(begin(announced), {"beginning": "now", "seen": seen})
    theirs = draft_of(announced).latest_revision_id
    answer = client.post(
        begin(announced), {"beginning": "after-2", "seen": seen}, follow=True
    ).content.decode()
    assert "Somebody else saved this page meanwhile" in answer
    assert PolicyPage.objects.get().latest_revision_id == theirs


def test_who_may_not_edit_the_page_is_asked_nothing(client: Client, announced: PolicyPage) -> None:
    user = User.objects.create_user("service@example.com", "a-long-password")
    user.groups.add(Group.objects.get(name="Customer service"))
    client.force_login(user)
    assert "Before version 2" not in client.get(begin(announced), follow=True).content.decode()
    client.post(begin(announced), {"beginning": "now"})
    assert not PolicyPage.objects.get().has_unpublished_changes
    assert Client().get(begin(announced)).status_code == 302


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_another_method_is_refused(admin_client: Client, announced: PolicyPage, method: str) -> None:
    assert getattr(admin_client, method)(begin(announced)).status_code == 405


# --- Copies, and pages that continue a policy --------------------------------------------------------------------
def test_a_copy_of_a_draft_begins_a_policy_of_its_own(admin_client: Client, announced: PolicyPage) -> None:
    admin_client.post(begin(announced), {"beginning": "instead-2"})
    copy = PolicyPage.objects.get().copy(update_attrs={"slug": "other-rules", "title": "Other rules"})
    draft = draft_of(copy)
    assert (draft.based_on, draft.replaces) == (None, None)
    values = policy_form(slug="other-rules", title="Other rules", **{"action-publish": "1"})
    assert admin_client.post(edit(copy), values).status_code == 302
    assert Policy.objects.get(slug="other-rules").versions.count() == 1


def test_a_draft_of_another_policy_says_nothing_here(announced: PolicyPage) -> None:
    other = policy_page("Other rules")
    draft = draft_of(other)
    draft.based_on = PolicyVersion.objects.get(number=1)
    draft.save_revision(clean=False).publish()
    assert Policy.objects.get(slug="other-rules").versions.get().content["based_on"] is None
    with pytest.raises(publishing.RefusedContentError, match="not announced any more"):
        publish(other, body="<p>Be new.</p>", replaces=PolicyVersion.objects.get(title="Brave rules"))
