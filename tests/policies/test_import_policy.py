"""What becomes of a file that is imported: a version on its own date, once."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import time_machine

from policies.models import Policy, PolicyPage, PolicyVersion
from tests.factories import home_page, policy_page, publish
from tests.policies.importing import file, imported, refused, run

pytestmark = pytest.mark.django_db

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def local(version: PolicyVersion) -> datetime:
    return version.effective_at.astimezone(BERLIN)


@pytest.mark.both_databases
def test_a_file_becomes_a_version_and_a_page_to_go_on_from(folder: Path) -> None:
    made = imported(folder, "# House rules\n\nBe *kind*.\n\n## Noise\n\n- none\n")

    assert made.title == "House rules"
    assert made.html == '<p>Be <em>kind</em>.</p>\n<h2 id="noise">Noise</h2>\n<ul>\n<li>none</li>\n</ul>'
    assert made.content["source"] == {
        "format": "markdown",
        "text": "# House rules\n\nBe *kind*.\n\n## Noise\n\n- none\n",
    }
    page = PolicyPage.objects.get()
    assert page.policy == made.policy
    assert page.live
    assert not page.show_in_menus
    assert page.get_parent().specific == home_page()
    assert [block.block_type for block in page.body] == ["paragraph", "heading", "paragraph"]
    assert page.render_body().html == made.html


def test_importing_twice_changes_nothing(folder: Path) -> None:
    files = [file(folder), file(folder, "2020-02-01.md", "# House rules\n\nBe kinder.\n")]
    run(*files)
    before = list(PolicyVersion.objects.values())
    said = run(*files)

    assert "made: 0, unchanged: 2, refused: 0" in said
    assert list(PolicyVersion.objects.values()) == before
    assert PolicyPage.objects.count() == Policy.objects.count() == 1


def test_publishing_the_imported_text_unchanged_makes_no_version(folder: Path) -> None:
    imported(folder, "# House rules\n\nBe *kind*.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n> > nested\n")
    publish(PolicyPage.objects.get())

    assert PolicyVersion.objects.count() == 1


def test_the_page_takes_the_latest_text_until_somebody_edits_it(folder: Path) -> None:
    run(file(folder), file(folder, "2020-02-01.md", "Second."))
    assert PolicyPage.objects.get().render_body().html == "<p>Second.</p>"

    PolicyPage.objects.get().save_revision()
    run(file(folder, "2020-03-01.md", "Third."))
    assert PolicyPage.objects.get().render_body().html == "<p>Second.</p>"


def test_a_text_like_that_of_the_version_before_is_unchanged(folder: Path) -> None:
    said = run(file(folder), file(folder, "2020-02-01.md", "# House  rules\n\nBe kind.\n"))

    assert "2020-02-01.md: unchanged: its text is that of the version before it" in said
    assert PolicyVersion.objects.count() == 1


@pytest.mark.both_databases
def test_a_dry_run_says_what_would_be_made_and_makes_nothing(folder: Path) -> None:
    said = run(file(folder), file(folder, "2020-02-01.md", "Second."), dry_run=True)

    assert "made: 2" in said
    assert not Policy.objects.exists()
    assert not PolicyPage.objects.exists()


def test_files_are_taken_in_the_order_of_their_dates_and_counts(folder: Path) -> None:
    names = ["2020-01-02-10.md", "2020-01-02-2.md", "2020-01-02.md", "2019-12-31.md"]
    run(*[file(folder, name, f"Text of {name}") for name in names])

    made = PolicyVersion.objects.order_by("number")
    assert [v.import_source for v in made] == list(reversed(names))
    assert [local(v).isoformat() for v in made] == [
        "2019-12-31T00:00:00+01:00",
        "2020-01-02T00:00:00+01:00",
        "2020-01-02T00:00:01+01:00",
        "2020-01-02T00:00:09+01:00",
    ]


@pytest.mark.both_databases
def test_an_existing_policy_gets_the_versions(folder: Path) -> None:
    page = policy_page()
    publish(page)
    run(file(folder))

    assert [v.import_source for v in Policy.objects.get().versions.order_by("number")] == [
        "",
        "2020-01-02.md",
    ]
    assert PolicyPage.objects.count() == 1


def test_an_import_never_reaches_into_what_a_published_version_covers(folder: Path) -> None:
    with time_machine.travel("2024-05-01T12:00:00Z"):
        publish(policy_page())
    assert "published here" in refused(file(folder, "2025-01-01.md", "Other rules."))
    assert PolicyVersion.objects.count() == 1


def test_a_span_between_imports_may_be_filled_later(folder: Path) -> None:
    run(file(folder, "2020-01-01.md", "One."), file(folder, "2020-03-01.md", "Three."))
    run(file(folder, "2020-02-01.md", "Two."))

    rules = Policy.objects.get()
    assert rules.in_force(datetime(2020, 2, 15, tzinfo=UTC)).text == "Two."
    assert rules.in_force(datetime(2020, 3, 15, tzinfo=UTC)).text == "Three."
