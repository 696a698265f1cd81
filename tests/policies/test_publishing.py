"""What publishing freezes, and that nothing done to the page afterwards reaches what was frozen."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from wagtail.models import Site

from home.models import BrandSettings, ContentPage, User
from policies.models import LedgerEntry, Policy, PolicyPage, PolicyVersion
from policies.text import markup
from policies.versions import publishing
from policies.versions.content import VersionContent
from tests.factories import as_it_is, home_page, policy, policy_page, publish, version

pytestmark = pytest.mark.django_db

FACT = [("live_fact", "company")]


def shown(client: Client, path: str = "/house-rules/") -> str:
    response = client.get(path)
    assert response.status_code == 200
    return response.content.decode()


def test_publishing_freezes_what_the_page_says() -> None:
    version = publish(policy_page(body="<h2>Noise</h2><p>Be <b>quiet</b>.</p>"), summary="Our first rules.")

    assert version.number == 1
    assert version.title == "House rules"
    assert version.html == '<h2 id="noise">Noise</h2>\n<p>Be <strong>quiet</strong>.</p>'
    assert version.text == "Noise\nBe quiet."
    assert version.change_summary == "Our first rules."
    assert version.content["source"]["blocks"][0]["type"] == "imported"


def test_what_could_run_never_reaches_a_version() -> None:
    version = publish(
        policy_page(body='<p onclick="x()">Hi<script>alert(1)</script> <a href="javascript:x">you</a></p>')
    )

    assert version.html == "<p>Hi you</p>"


def test_publishing_a_change_makes_the_next_version_and_leaves_the_first_as_it_was() -> None:
    page = policy_page()
    first = publish(page)
    second = publish(page, body="<p>Be very kind.</p>")

    assert (first.number, second.number) == (1, 2)
    assert second.previous_sha256 == first.sha256
    assert PolicyVersion.objects.get(number=1).record == first.record


def test_publishing_unchanged_text_makes_no_version() -> None:
    page = policy_page()
    publish(page)
    publish(page, summary="Nothing at all.")

    assert PolicyVersion.objects.count() == 1


def test_a_draft_makes_no_version_and_changes_nothing_in_public(client: Client) -> None:
    page = policy_page()
    publish(page)
    draft = PolicyPage.objects.get(pk=page.pk)
    draft.body = [("imported", "<p>Not yet.</p>")]
    draft.save_revision()

    assert PolicyVersion.objects.count() == 1
    assert "Not yet." not in shown(client)


def test_autosave_over_the_published_revision_does_not_touch_the_version(client: Client) -> None:
    page = policy_page()
    first = publish(page)
    live = PolicyPage.objects.get(pk=page.pk)
    live.body = [("imported", "<p>Overwritten.</p>")]
    live.save_revision(overwrite_revision=live.live_revision)

    assert PolicyVersion.objects.get().record == first.record
    assert "Overwritten." not in shown(client)

    PolicyPage.objects.get(pk=page.pk).live_revision.publish()
    assert PolicyVersion.objects.get(number=1).record == first.record
    assert "Overwritten." in PolicyVersion.objects.get(number=2).html


def test_an_old_revision_is_not_published_over_what_has_held_since() -> None:
    page = policy_page()
    publish(page)
    old_revision = PolicyPage.objects.get(pk=page.pk).live_revision
    publish(page, body="<p>Second.</p>")
    publish(page, body="<p>Third.</p>")
    with pytest.raises(publishing.RefusedContentError, match="does not start from the text"):
        old_revision.publish()

    page.refresh_from_db()
    assert PolicyVersion.objects.count() == 3
    assert "Third" in page.render_body().html


def test_purging_revisions_leaves_the_versions() -> None:
    page = policy_page()
    first = publish(page)
    PolicyPage.objects.get(pk=page.pk).save_revision()
    call_command("purge_revisions", verbosity=0)

    assert PolicyPage.objects.get(pk=page.pk).live_revision is None
    assert PolicyVersion.objects.get().record == first.record


def test_an_unpublished_page_leaves_the_policy_readable(client: Client) -> None:
    page = policy_page()
    publish(page)
    PolicyPage.objects.get(pk=page.pk).unpublish()

    assert "Be kind." in shown(client)
    assert PolicyVersion.objects.count() == 1


@pytest.mark.both_databases
@pytest.mark.also_without_shop
def test_a_moved_or_renamed_page_leaves_the_policy_at_its_address(client: Client) -> None:
    page = policy_page()
    publish(page)
    elsewhere = home_page().add_child(instance=ContentPage(title="Elsewhere", slug="elsewhere"))
    PolicyPage.objects.get(pk=page.pk).move(elsewhere, pos="last-child")
    publish(page, body="<p>Be kind there.</p>", slug="new-address")

    assert "Be kind there." in shown(client)
    assert PolicyPage.objects.get(pk=page.pk).get_url() == "/house-rules/"
    assert client.get("/elsewhere/new-address/").headers["Location"] == "/house-rules/"


@pytest.mark.both_databases
def test_a_deleted_page_leaves_the_policy_readable(client: Client) -> None:
    page = policy_page()
    publish(page)
    publish(page, body="<p>Be very kind.</p>")
    PolicyPage.objects.get(pk=page.pk).delete()

    assert "Be very kind." in shown(client)
    assert "Be kind." in shown(client, "/house-rules/versions/1/")
    assert PolicyVersion.objects.filter(page__isnull=True).count() == 2


def test_a_new_page_at_the_address_of_a_deleted_one_goes_on_with_its_versions() -> None:
    page = policy_page()
    publish(page)
    PolicyPage.objects.get(pk=page.pk).delete()
    version = publish(policy_page(body="<p>Begun again.</p>"))

    assert version.number == 2
    assert Policy.objects.count() == 1


@pytest.mark.parametrize("keep_live", [True, False])
def test_a_copy_is_a_policy_of_its_own(keep_live: bool) -> None:
    page = policy_page()
    publish(page)
    copy = PolicyPage.objects.get(pk=page.pk).copy(
        update_attrs={"slug": "garden-rules", "title": "Garden rules"}, keep_live=keep_live
    )
    assert PolicyVersion.objects.count() == 1

    version = publish(copy, body="<p>Water the plants.</p>")

    assert version.policy.slug == "garden-rules"
    assert version.number == 1
    assert Policy.objects.get(slug="house-rules").versions.count() == 1


def test_a_freeze_that_fails_takes_the_publication_back(
    monkeypatch: pytest.MonkeyPatch, client: Client
) -> None:
    page = policy_page()
    publish(page)
    before = PolicyPage.objects.get(pk=page.pk)

    def fail(**_: object) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(publishing, "record_version", fail)
    with pytest.raises(RuntimeError, match="disk"):
        publish(page, body="<p>Be very kind.</p>")

    after = PolicyPage.objects.get(pk=page.pk)
    assert after.last_published_at == before.last_published_at
    assert after.live_revision_id == before.live_revision_id
    assert "very kind" not in str(after.body)
    assert "very kind" not in shown(client)


def test_a_version_for_later_takes_over_at_its_hour_although_nothing_runs(client: Client) -> None:
    page = policy_page()
    publish(page)
    hour = timezone.now() + timedelta(hours=5)
    publish(page, body="<p>From tonight.</p>", effective_from=hour, summary="Tonight it changes.")

    with time_machine.travel(hour - timedelta(seconds=1)):
        before = shown(client)
    with time_machine.travel(hour):
        after = shown(client)

    assert "Be kind." in before
    assert "Tonight it changes." in before
    assert "From tonight." not in before
    assert "From tonight." in after


def test_several_versions_can_wait_for_their_hour(client: Client) -> None:
    page = policy_page()
    publish(page)
    now = timezone.now()
    publish(page, body="<p>In two days.</p>", effective_from=now + timedelta(days=2))
    publish(page, body="<p>In one day.</p>", effective_from=now + timedelta(days=1))

    for days, words in ((0.5, "Be kind."), (1.5, "In one day."), (2.5, "In two days.")):
        with time_machine.travel(now + timedelta(days=days)):
            assert f"<p>{words}</p>" in shown(client)


def test_the_record_names_the_publisher_and_never_their_address() -> None:
    user = User.objects.create_user(
        email="editor@example.com", password="x", first_name="The", last_name="Editor", is_superuser=True
    )
    page = policy_page()
    version = publish(page, user=user)
    assert (version.publisher, version.page_id) == (user, page.pk)
    user.delete()

    stored = PolicyVersion.objects.get()
    assert stored.publisher_name == "The Editor"
    assert stored.publisher is None
    assert "editor@example.com" not in stored.record
    assert stored.sha256 == version.sha256


def test_who_has_no_name_is_the_editor_in_the_record() -> None:
    nobody = User.objects.create_user(email="nobody@example.com")
    made = version(policy(), authors=[nobody], publisher=nobody, approver=nobody)
    assert [made.content[role] for role in ("author", "publisher", "approver")] == ["Editor"] * 3
    assert (made.publisher, made.approver) == (nobody, nobody)


def test_live_facts_are_frozen_as_they_stood() -> None:
    brand = BrandSettings.for_site(Site.objects.get())
    brand.legal_name = "The First Ltd"
    brand.save()
    page = policy_page(body=FACT)
    first = publish(page)
    brand.legal_name = "The Second Ltd"
    brand.save()

    assert first.facts["company"]["name"] == "The First Ltd"
    assert "The First Ltd" in PolicyVersion.objects.get().html


def test_a_fact_that_changed_is_a_reason_for_a_version() -> None:
    page = policy_page(body=FACT)
    publish(page)
    brand = BrandSettings.for_site(Site.objects.get())
    brand.phone = "030 1234"
    brand.save()

    assert publish(page).number == 2


@pytest.mark.parametrize("fact", ["company", "cookies", "personal_data", "recipients"])
def test_every_fact_can_be_printed(fact: str) -> None:
    version = publish(policy_page(body=[("live_fact", fact)]))

    assert version.html.startswith("<section")
    assert version.text
    assert "{" not in version.text


def test_an_instance_read_before_the_first_publication_makes_no_second_policy() -> None:
    page = policy_page()
    stale = type(page).objects.get(pk=page.pk)
    publish(page)
    stale.body = [("imported", "<p>Be kinder.</p>")]
    stale.save_revision().publish()
    assert Policy.objects.count() == 1
    assert Policy.objects.get().versions.count() == 2


def test_a_table_that_the_editor_wraps_into_paragraphs_is_still_the_same_text() -> None:
    bare = "<table><tbody><tr><td>a <b>b</b></td><td>c</td></tr></tbody></table>"
    wrapped = "<table><tbody><tr><td><p>a <b>b</b></p></td><td> <p>c</p> </td></tr></tbody></table>"
    assert markup.canonical(wrapped) == markup.canonical(bare)
    assert "<p>" in markup.canonical("<table><tbody><tr><td><p>a</p><p>b</p></td></tr></tbody></table>")


def test_a_version_in_an_older_form_of_markup_is_still_the_same_text() -> None:
    page = policy_page(body="<p>Be <strong>kind</strong>.</p>")
    of = Policy.objects.create(slug="house-rules", kind="other", title="House rules", language="en-gb")
    content = VersionContent(
        title="House rules",
        body=markup.Body("<p>Be <b>kind</b>.</p>", "Be kind ."),
        source={"format": "test"},
        effective_at=timezone.now(),
    )
    publishing.record_version(policy=of, content=content)
    publish(page)
    assert PolicyVersion.objects.count() == 1


def test_the_same_markup_is_the_same_text_in_whatever_form() -> None:
    rules = policy()
    first, second = (version(rules, html="<p>Be <b>kind</b>.</p>") for _ in range(2))
    assert (first.number, second) == (1, None)


def test_the_same_letters_in_other_markup_are_another_text() -> None:
    rules = policy()
    version(rules, html="<p>Be kind.</p>")
    assert version(rules, html="<p>Be <strong>kind</strong>.</p>").number == 2


def test_letters_that_the_newest_form_of_markup_would_drop_make_another_text() -> None:
    rules = policy()
    version(rules, html="<p>Be kind.</p><noscript>Or not.</noscript>")
    assert version(rules, html="<p>Be kind.</p>").number == 2


def test_nothing_is_left_of_a_publication_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = policy()
    monkeypatch.setattr(publishing, "_name_policy", None)
    with pytest.raises(TypeError, match="not callable"):
        version(rules)
    rules.refresh_from_db()
    assert (rules.versions.count(), LedgerEntry.objects.count()) == (0, 0)


def test_a_draft_with_nothing_else_in_it_says_nothing_else() -> None:
    made = version(policy(kind=Policy.Kind.TERMS))
    assert (made.change_summary, made.change_kind) == ("", "material")
    said = made.content
    assert (said["format"], said["kind"], said["facts"], said["imported_from"]) == (3, "terms", {}, None)
    assert (said["author"], said["publisher"], said["approver"]) == ("", "", "")


@pytest.mark.parametrize("changed", [{"title": "Other rules"}, {"facts": {"company": "Mugs"}}])
def test_another_title_or_fact_alone_is_another_version(changed: dict[str, Any]) -> None:
    rules = policy()
    first = version(rules)
    same = VersionContent(
        title=first.title, body=as_it_is(first.html), source={}, effective_at=timezone.now()
    )
    assert publishing.record_version(policy=rules, content=same) is None
    assert version(rules, **changed).number == 2
