"""Rebasing an announced version: its text with what was published since, as a draft that replaces it."""

from datetime import datetime, timedelta

import pytest
import time_machine
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone
from wagtail.blocks import StreamValue
from wagtail.rich_text import RichText

from home.models import User
from policies.models import CookiePolicyPage, Policy, PolicyPage, PolicyVersion, VersionWithdrawal
from policies.versions import drafts
from policies.versions.dashboard import statuses
from tests.factories import cookie_policy, declare_cookies, policy_page, publish, version, withdraw
from tests.policies.stated_facts import set_brand

pytestmark = [pytest.mark.django_db, pytest.mark.also_without_shop, pytest.mark.slow]


def text(words: str) -> tuple[str, str]:
    return "imported", f"<p>{words}</p>"


KIND, FAIR, BRAVE = text("Be kind."), text("Be fair."), text("Be brave.")


@pytest.fixture(scope="module")
def soon() -> datetime:
    return (timezone.now() + timedelta(days=10)).replace(second=0, microsecond=0)


@pytest.fixture(scope="module")
def announced_version(database_of_module: None, soon: datetime) -> int:
    """Announce another last sentence, and publish another first one before that."""
    page = policy_page(body=[KIND, FAIR])
    publish(page)
    coming = publish(page, body=[KIND, BRAVE], effective_from=soon, summary="Braver.", kind="material")
    publish(page, body=[text("Be kinder."), FAIR], summary="Kinder.")
    return coming.pk


@pytest.fixture
def announced(announced_version: int, db: None) -> PolicyVersion:
    return PolicyVersion.objects.get(pk=announced_version)


def owner() -> User:
    return User.objects.get_or_create(email="owner@example.com", is_superuser=True, is_active=True)[0]


def rebase(of: PolicyVersion) -> tuple[PolicyPage, list[str]]:
    _revision, conflicts = drafts.rebase(version=of, user=owner())
    return PolicyPage.objects.get().get_latest_revision_as_object(), conflicts


def undoing() -> list[int]:
    [status] = statuses([Policy.objects.get()], now=timezone.now())
    return [coming.number for coming, _undone in status.undoing]


def test_the_draft_has_both_changes_and_says_what_the_announced_version_said(
    announced: PolicyVersion, soon: datetime
) -> None:
    draft, conflicts = rebase(announced)
    assert (draft.render_body().text, conflicts) == ("Be kinder.\nBe brave.", [])
    assert (draft.change_summary, draft.change_kind) == ("Braver.", "material")
    assert (draft.announced_for, draft.based_on.number, draft.replaces) == (soon, 3, announced)
    assert PolicyVersion.objects.count() == 3


def test_once_it_is_published_nothing_is_undone(announced: PolicyVersion, soon: datetime) -> None:
    assert undoing() == [2]
    draft, _conflicts = rebase(announced)
    draft.save_revision().publish()
    assert undoing() == []
    assert VersionWithdrawal.objects.get().version == announced
    with time_machine.travel(soon + timedelta(seconds=1), tick=False):
        assert Policy.objects.get().in_force().text == "Be kinder.\nBe brave."


def test_what_both_changed_is_listed_and_the_announced_text_stays(soon: datetime) -> None:
    page = policy_page(body=[KIND, FAIR])
    publish(page)
    coming = publish(page, body=[KIND, BRAVE], effective_from=soon, title="Brave rules")
    publish(page, body=[text("Be kinder."), text("Be fairer.")], title="Fair rules")
    draft, conflicts = rebase(coming)
    assert draft.render_body().text == "Be kinder.\nBe brave."
    assert conflicts == [
        "Before the first heading: “fair.” became “fairer.”",
        "Title: “House rules” became “Fair rules”.",
    ]
    assert draft.title == "Brave rules"


def test_a_title_that_only_the_later_version_changed_is_taken_over(soon: datetime) -> None:
    page = policy_page(body=[KIND, FAIR])
    publish(page)
    coming = publish(page, body=[KIND, BRAVE], effective_from=soon)
    publish(page, body=[KIND, FAIR], title="Fair rules")
    assert rebase(coming)[0].title == "Fair rules"


def test_the_words_of_the_consent_bar_are_merged_too(soon: datetime) -> None:
    page = cookie_policy(notice_title="A title", notice_text="A text.")
    cookie_policy(notice_title="An announced title", effective_from=soon)
    publish(page, notice_title="A title", notice_text="A later text.")
    drafts.rebase(version=PolicyVersion.objects.get(number=2), user=owner())
    draft = CookiePolicyPage.objects.get().get_latest_revision_as_object()
    assert (draft.notice_title, draft.notice_text) == ("An announced title", "A later text.")


def test_a_chain_of_announced_versions_is_rebased_one_after_the_other(soon: datetime) -> None:
    page = policy_page(body=[KIND, FAIR])
    publish(page)
    publish(page, body=[KIND, BRAVE], effective_from=soon)
    publish(page, body=[KIND, BRAVE, text("Thanks.")], effective_from=soon + timedelta(days=5))
    publish(page, body=[text("Be kinder."), FAIR])
    texts = []
    while undoing():
        draft, conflicts = rebase(PolicyVersion.objects.get(number=undoing()[0]))
        assert conflicts == []
        draft.undone_by = [3]
        draft.save_revision().publish()
        texts.append(draft.render_body().text)
    assert texts == ["Be kinder.\nBe brave.", "Be kinder.\nBe brave.\nThanks."]


def test_a_version_written_on_one_that_was_withdrawn_loses_only_that_change(soon: datetime) -> None:
    page = policy_page(body=[KIND, FAIR])
    publish(page)
    second = publish(page, body=[KIND, BRAVE], effective_from=soon)
    third = publish(page, body=[KIND, BRAVE, text("Thanks.")], effective_from=soon + timedelta(days=5))
    withdraw(second)
    draft, conflicts = rebase(third)
    assert (draft.render_body().text, conflicts) == ("Be kind.\nBe fair.\nThanks.", [])


def test_an_imported_text_is_rebased_as_the_editor_would_have_it(soon: datetime) -> None:
    page = policy_page()
    publish(page, body=[("paragraph", "<p>Be kind.</p>"), ("heading", {"text": "Fairness", "level": "2"})])
    policy = Policy.objects.get()
    coming = version(policy, html='<p>Be kind.</p>\n<h2 id="bravery">Bravery</h2>', at=soon)
    body = [("paragraph", "<p>Be kinder.</p>"), ("heading", {"text": "Fairness", "level": "2"})]
    publish(page, body=body, undone_by=[2])
    draft, conflicts = rebase(coming)
    assert (draft.render_body().text, conflicts) == ("Be kinder.\nBravery", [])
    assert isinstance(draft.body, StreamValue)


def test_what_was_written_on_nothing_is_rebased_too(soon: datetime) -> None:
    page = policy_page(body=[KIND, BRAVE])
    coming = publish(page, effective_from=soon)
    publish(page, body=[KIND, FAIR], title="Fair rules")
    assert undoing() == [1]
    draft, conflicts = rebase(coming)
    assert (draft.render_body().text, draft.title) == ("Be kind.\nBe brave.", "House rules")
    assert conflicts == [
        "Before the first heading: Added: “Be kind. Be fair.”",
        "Title: “–” became “Fair rules”.",
    ]


@pytest.mark.both_databases
def test_a_first_version_that_is_announced_gets_the_facts_of_today(soon: datetime) -> None:
    page = policy_page(body=[("live_fact", "company")])
    coming = publish(page, effective_from=soon, summary="At last.")
    set_brand(phone="030 1234")
    draft, conflicts = rebase(coming)
    assert (draft.change_summary, draft.replaces, draft.based_on, conflicts) == ("At last.", coming, None, [])
    draft.save_revision().publish()
    assert "030 1234" in PolicyVersion.objects.get(number=2).text
    assert VersionWithdrawal.objects.get().version == coming


@pytest.mark.both_databases
def test_a_text_in_force_without_words_for_the_consent_bar_takes_none_away(soon: datetime) -> None:
    policy = Policy.objects.create(slug="cookie-policy", kind="cookies", title="Cookies", language="en-gb")
    version(policy, html="<p>An old text.</p>", title="Cookies")
    declare_cookies()
    cookie_policy(title="Cookies", notice_text="Announced.", effective_from=soon)
    declare_cookies("media")
    drafts.rebase(version=PolicyVersion.objects.get(number=2), user=owner())
    assert CookiePolicyPage.objects.get().get_latest_revision_as_object().notice_text == "Announced."


def test_an_unfinished_draft_is_replaced_only_where_that_is_wanted(
    admin_client: Client, announced: PolicyVersion
) -> None:
    unfinished = PolicyPage.objects.get().get_latest_revision_as_object()
    unfinished.change_summary = "Half a thought"
    unfinished.save_revision(clean=False)
    assert 'name="replaces_draft" required' in admin_client.get("/admin/").content.decode()
    refused = admin_client.post(url(announced), follow=True).content.decode()
    assert "The page has a draft." in refused
    assert PolicyPage.objects.get().get_latest_revision_as_object().change_summary == "Half a thought"
    admin_client.post(url(announced), {"replaces_draft": "on"})
    assert PolicyPage.objects.get().get_latest_revision_as_object().change_summary == "Braver."


# --- In the admin ------------------------------------------------------------------------------------------------
def url(of: PolicyVersion) -> str:
    return f"/admin/policy-versions/{of.pk}/rebase/"


def test_the_editor_is_led_to_the_draft_and_reads_what_could_not_be_merged(
    client: Client, soon: datetime
) -> None:
    page = policy_page(body=[KIND, FAIR])
    publish(page)
    coming = publish(page, body=[KIND, BRAVE], effective_from=soon, summary="Braver.")
    publish(page, body=[KIND, text("Be fairer." + " And so on." * 500)])
    user = User.objects.create_user("editor@example.com", "a-long-password")
    user.groups.add(Group.objects.get(name="Editors"))
    client.force_login(user)
    answer = client.post(url(coming), follow=True)
    shown = answer.content.decode()
    assert "The draft is version 2 with what was changed since" in shown
    assert "Not taken over: Before the first heading: “Be fair.” became “Be fairer. And so on." in shown
    form = answer.context["form"]
    assert form["change_summary"].value() == "Braver."  # not emptied as if it were said of another version
    assert form["takes_effect"].value() == "later"


def test_a_version_that_undoes_nothing_is_left_as_it_is(
    admin_client: Client, announced: PolicyVersion
) -> None:
    withdraw(announced)
    for one in PolicyVersion.objects.all():
        answer = admin_client.post(url(one), follow=True).content.decode()
        assert "undoes nothing" in answer
    assert not PolicyPage.objects.get().has_unpublished_changes


def test_one_that_has_taken_effect_is_past_rebasing(announced: PolicyVersion, soon: datetime) -> None:
    with time_machine.travel(soon + timedelta(seconds=1), tick=False), pytest.raises(drafts.NoDraftError):
        rebase(announced)


def test_bad_requests_make_no_draft(client: Client, admin_client: Client, announced: PolicyVersion) -> None:
    assert admin_client.get(url(announced)).status_code == 405
    assert admin_client.post("/admin/policy-versions/999999/rebase/").status_code == 404
    service = User.objects.create_user("service@example.com", "a-long-password")
    service.groups.add(Group.objects.get(name="Customer service"))
    client.force_login(service)
    assert client.post(url(announced), follow=True).status_code < 500
    assert not PolicyPage.objects.get().has_unpublished_changes


def test_a_policy_whose_page_is_gone_says_so(admin_client: Client, announced: PolicyVersion) -> None:
    PolicyPage.objects.get().delete()
    assert "has no page any more" in admin_client.post(url(announced), follow=True).content.decode()


def test_opening_a_text_in_the_editor_changes_nothing_that_a_rebase_must_merge(soon: datetime) -> None:
    terms = {"term": "We", "meaning": "<p><strong>The</strong> shop</p>"}
    rich = [
        ("heading", {"text": "Manners", "level": "2"}),
        ("paragraph", RichText("<p><strong>Be</strong> fair.</p>")),
    ]
    page = policy_page(
        body=[("paragraph", RichText("<p>Be kind.</p>")), *rich, ("definitions", {"items": [terms]})]
    )
    publish(page)
    publish(page, body=[*rich[:1], ("paragraph", RichText("<p>Be brave.</p>"))], effective_from=soon)
    opened = [
        ("paragraph", RichText('<p data-block-key="a">Be kinder.</p>')),
        ("heading", {"text": "Manners", "level": "2"}),
        ("paragraph", RichText('<p data-block-key="b"><b>Be</b> fair.</p>')),
        ("definitions", {"items": [{"term": "We", "meaning": '<p data-block-key="c"><b>The</b> shop</p>'}]}),
    ]
    publish(page, body=opened)
    _draft, conflicts = rebase(PolicyVersion.objects.get(number=2))
    assert conflicts == ["Before the first heading: “kind.” became “kinder.”"]
