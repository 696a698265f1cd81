"""An editor brings a text along: it becomes a draft, and nothing else happens; or it is refused at the field."""

import pytest
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings
from wagtail.models import GroupApprovalTask, GroupPagePermission, Workflow, WorkflowTask

from config.groups import ensure_groups
from home.models import User
from home.page_cache import tokens
from policies.importing.uploads import make_draft
from policies.models import PolicyPage, PolicyVersion
from policies.versions.drafts import NoDraftError
from tests.factories import home_page, policy_page, publish
from tests.policies.word_files import p, r, word_file

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

FORM = "/admin/policy-import/"
TEXT = "# House rules\n\nBe *kind* and quiet.\n\n## Noise\n\n- none\n"


@pytest.fixture(scope="module")
def page_of_module(database_of_module: None) -> int:
    page = policy_page()
    publish(page)
    return page.pk


@pytest.fixture
def page(page_of_module: int, db: None) -> PolicyPage:
    return PolicyPage.objects.get(pk=page_of_module)


@pytest.fixture
def editor(client: Client) -> Client:
    ensure_groups()
    user = User.objects.create_user(email="editor@example.com", password="x")
    user.groups.add(Group.objects.get(name="Editors"))
    client.force_login(user)
    return client


def upload(name: str, content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def draft(page: PolicyPage) -> PolicyPage:
    return PolicyPage.objects.get(pk=page.pk).get_latest_revision_as_object()


def refusal(answer: object) -> str:
    """Return what a form that came back says."""
    assert answer.status_code == 200
    return " ".join(words for errors in answer.context["form"].errors.values() for words in errors)


@pytest.mark.also_without_shop
def test_pasted_markdown_becomes_a_draft_and_nothing_else_changes(editor: Client, page: PolicyPage) -> None:
    live = PolicyPage.objects.get(pk=page.pk)
    answer = editor.post(FORM, {"page": page.pk, "text": TEXT}, follow=True)
    made = draft(page)

    assert [block.block_type for block in made.body] == ["paragraph", "heading", "paragraph"]
    assert made.title == "House rules"
    assert made.latest_revision.user.email == "editor@example.com"
    after = PolicyPage.objects.get(pk=page.pk)
    assert (after.live_revision_id, after.body, after.last_published_at) == (
        live.live_revision_id,
        live.body,
        live.last_published_at,
    )
    assert after.has_unpublished_changes
    assert PolicyVersion.objects.count() == 1
    shown = answer.content.decode()
    assert answer.redirect_chain == [(f"/admin/policies/{page.pk}/review/", 302)]
    assert "<ins" in shown
    assert "Changes against version 1" in shown
    assert f"/admin/pages/{page.pk}/edit/" in shown


def test_a_new_draft_has_no_words_about_its_version_yet(editor: Client, page: PolicyPage) -> None:
    editor.post(FORM, {"page": page.pk, "text": TEXT})
    assert draft(page).change_summary == ""


def test_files_are_read_as_what_they_are(editor: Client, page: PolicyPage) -> None:
    editor.post(FORM, {"page": page.pk, "file": upload("rules.MD", TEXT.encode())})
    assert "<em>kind</em>" in draft(page).render_body().html

    editor.post(FORM, {"page": page.pk, "file": upload("rules.docx", word_file(p(r("From Word."))))})
    assert draft(page).render_body().html == "<p>From Word.</p>"


def test_a_title_of_its_own_stays_as_a_heading(editor: Client, page: PolicyPage) -> None:
    editor.post(FORM, {"page": page.pk, "text": "# Rules & more\n\nBe kinder."})

    assert draft(page).title == "House rules"
    assert draft(page).render_body().html == '<h2 id="rules-more">Rules &amp; more</h2>\n<p>Be kinder.</p>'


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        ({}, "Choose a file or paste a text."),
        ({"text": "x", "file": upload("a.md", b"x")}, "not both"),
        ({"file": upload("a.pdf", b"%PDF")}, "neither a Markdown file"),
        ({"file": upload("a.docx", b"no zip")}, "not a Word file"),
        ({"file": upload("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")}, "old Word file"),
        ({"file": upload("a.md", "Grüße".encode("latin-1"))}, "not UTF-8"),
        ({"file": upload("a.md", b"x" * (5 * 1024 * 1024 + 1))}, "larger than 5 MB"),
        ({"file": upload("a.md", b"")}, "empty"),
        ({"text": "a\x00b"}, "Null characters"),
        ({"text": "a\x1bb"}, "U+001B"),
        ({"text": "a <script>b"}, "never closed"),
        ({"text": "| a |\n|---|\n| one | two |"}, "“two”"),
        ({"text": "Be kind."}, "the page has already"),
    ],
)
def test_it_refuses_by_name_and_leaves_nothing_behind(
    editor: Client, page: PolicyPage, sent: dict, reason: str
) -> None:
    revisions = page.revisions.count()
    answer = editor.post(FORM, {"page": page.pk, **sent})

    assert reason in refusal(answer)
    assert page.revisions.count() == revisions
    assert not PolicyPage.objects.get(pk=page.pk).has_unpublished_changes


def test_a_pasted_text_that_is_too_large_is_refused_at_the_field(
    editor: Client, page: PolicyPage, settings: Settings
) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10_000
    policy_page("Other rules")  # so that none is chosen on the form that comes back
    revisions = page.revisions.count()
    browser = Client(enforce_csrf_checks=True)  # the check is what reads a form first
    browser.cookies = editor.cookies
    answer = browser.post(FORM, {"page": page.pk, "text": "word " * 2_001})

    assert "This is more than 9.8\xa0KB. Send it as a file." in refusal(answer)
    assert list(answer.context["form"].errors) == ["text"]
    assert "Up to 9.8\xa0KB" in answer.content.decode()
    assert page.revisions.count() == revisions

    as_file = editor.post(FORM, {"page": page.pk, "file": upload("rules.md", b"word " * 2_001)})
    assert as_file.status_code == 302


@pytest.mark.also_without_shop
def test_a_text_without_the_token_of_the_form_is_refused(editor: Client, page: PolicyPage) -> None:
    stranger = Client(enforce_csrf_checks=True)
    stranger.cookies = editor.cookies
    revisions = page.revisions.count()

    assert stranger.post(FORM, {"page": page.pk, "text": TEXT}).status_code == 403
    assert page.revisions.count() == revisions


def test_a_refused_text_stays_in_the_form(editor: Client, page: PolicyPage) -> None:
    answer = editor.post(FORM, {"page": page.pk, "text": "my long work <script>"})
    assert "my long work &lt;script&gt;" in answer.content.decode()


@pytest.mark.also_without_shop
def test_a_page_that_is_locked_is_refused(editor: Client, page: PolicyPage) -> None:
    page.refresh_from_db()
    page.locked = True
    page.locked_by = User.objects.create_user(email="other@example.com", password="x")
    page.save()

    answer = editor.post(FORM, {"page": page.pk, "text": TEXT})
    assert "The page is locked" in refusal(answer)
    assert list(answer.context["form"].errors) == ["page"]


def test_a_page_that_is_locked_at_the_last_moment_is_refused(editor: Client, page: PolicyPage) -> None:
    PolicyPage.objects.filter(pk=page.pk).update(locked=True)

    with pytest.raises(NoDraftError, match="page is locked"):
        make_draft(page=page, html="<p>New.</p>", user=User.objects.get())
    assert not PolicyPage.objects.get(pk=page.pk).has_unpublished_changes


def test_a_page_in_review_is_refused(editor: Client, page: PolicyPage) -> None:
    workflow = Workflow.objects.create(name="Review")
    task = GroupApprovalTask.objects.create(name="Lawyer")
    WorkflowTask.objects.create(workflow=workflow, task=task)
    page = draft(page)
    page.save_revision()
    workflow.start(page, User.objects.get())

    assert "The page is under review" in refusal(editor.post(FORM, {"page": page.pk, "text": TEXT}))


def test_only_pages_that_one_may_edit_are_offered(client: Client, page: PolicyPage) -> None:
    other = policy_page("Other rules")
    publish(other)
    group = Group.objects.create(name="Some")
    ensure_groups()
    group.permissions.set(Group.objects.get(name="Editors").permissions.all())
    permission = GroupPagePermission.objects.filter(permission__codename="change_page").first().permission
    GroupPagePermission.objects.create(group=group, page=page, permission=permission)
    user = User.objects.create_user(email="some@example.com", password="x")
    user.groups.add(group)
    client.force_login(user)

    shown = client.get(FORM).content.decode()
    assert "House rules" in shown
    assert "Other rules" not in shown
    assert "valid choice" in refusal(client.post(FORM, {"page": other.pk, "text": TEXT}))


@pytest.fixture
def packer(client: Client) -> Client:
    """Sign in somebody who may edit no page."""
    ensure_groups()
    user = User.objects.create_user(email="packer@example.com", password="x")
    user.groups.add(Group.objects.get(name="Customer service"))
    client.force_login(user)
    return client


@pytest.mark.also_without_shop
def test_who_may_edit_none_finds_no_way_there(packer: Client, page: PolicyPage) -> None:
    assert packer.get(FORM).status_code == 302
    assert FORM not in packer.get("/admin/").content.decode()


@pytest.mark.also_without_shop
@pytest.mark.both_databases
def test_the_menu_reads_no_texts_and_asks_no_more_with_more_policies(
    packer: Client, page: PolicyPage
) -> None:
    def queries() -> list[str]:
        tokens.reset()
        packer.get("/admin/account/")  # what is looked up once a process, or after a change
        with CaptureQueriesContext(connection) as captured:
            packer.get("/admin/account/")
        return [query["sql"] for query in captured.captured_queries]

    few = queries()
    for number in range(4):
        policy_page(f"Rules {number}")
    many = queries()
    assert len(many) == len(few)
    assert not any("body" in sql for sql in many)


def test_the_menu_leads_there(editor: Client, page: PolicyPage) -> None:
    assert FORM in editor.get("/admin/").content.decode()


def test_a_policy_that_was_never_published_is_compared_with_nothing(editor: Client) -> None:
    page = policy_page("New rules")
    shown = editor.post(FORM, {"page": page.pk, "text": TEXT}, follow=True).content.decode()

    assert "The whole text is new" in shown
    assert home_page().get_children().get(slug="new-rules").live is False


def test_asking_again_for_the_same_text_makes_no_second_draft(editor: Client, page: PolicyPage) -> None:
    editor.post(FORM, {"page": page.pk, "text": TEXT})
    before = page.revisions.count()

    assert "the page has already" in refusal(editor.post(FORM, {"page": page.pk, "text": TEXT}))
    assert page.revisions.count() == before
