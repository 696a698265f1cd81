"""The title and the date of an imported version, from the file, its name or the command."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from policies.importing.files import import_files
from policies.models import Policy, PolicyVersion
from tests.factories import policy_page, publish
from tests.policies.importing import file, imported, refused, run

pytestmark = pytest.mark.django_db

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def local(version: PolicyVersion) -> datetime:
    return version.effective_at.astimezone(BERLIN)


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("> Note\n\n# The *rules* of `us`\n\nText.", "The rules of us"),
        ('---\ntitle: "From: the front"\n---\nText.', "From: the front"),
        ("---\ntitle: Front\n---\n# Heading\n\nText.", "Heading"),
        ("Text.", "From the option"),
    ],
)
def test_the_title_is_the_heading_else_the_front_matter_else_the_option(
    folder: Path, text: str, title: str
) -> None:
    run(file(folder, text=text), title="From the option")
    made = PolicyVersion.objects.get()

    assert made.title == title
    assert made.text.endswith("Text.")


def test_a_text_without_any_title_is_refused_for_a_new_policy(folder: Path) -> None:
    [outcome] = import_files([file(folder, text="Text.")], slug="house-rules")
    assert "--title" in outcome.reason
    assert not Policy.objects.exists()


def test_a_text_without_a_title_has_that_of_its_policy(folder: Path) -> None:
    publish(policy_page())
    run(file(folder, text="Text."), title="")
    assert PolicyVersion.objects.get(import_sha256__gt="").title == "House rules"


def test_other_top_headings_stay_headings(folder: Path) -> None:
    made = imported(folder, "# One\n\n# Two\n\n### Three\n\nText.")

    assert made.html.startswith('<h2 id="two">Two</h2>\n<h3 id="three">Three</h3>')


@pytest.mark.parametrize(
    ("name", "text", "day"),
    [
        ("2020-05-06.md", "---\ndate: 6 May 2020\n---\nOn 2022-01-01.", "2020-05-06"),
        ("rules.md", "---\ndate: 2021-02-03\n---\nOn 2022-01-01.", "2021-02-03"),
        ("rules.md", '---\ndate: "March 4, 2021"\n---\nText', "2021-03-04"),
        ("rules.md", "Kept on 2018-01-16 by us.", "2018-01-16"),
        ("rules.md", "Text\n\nUpdated: January 16, 2018", "2018-01-16"),
        ("rules.md", "Text\n\nUpdated: 16 Jan 2018", "2018-01-16"),
        ("rules.md", "From 1st of May 2018 to 2019-01-01", "2018-05-01"),
        ("2020-01.md", "From 2018-01-16", "2018-01-16"),
        ("privacy-2019-05-01-final.md", "On 2015-01-01.", "2019-05-01"),
        ("rules.md", "---\ndate: 2018-04-01\nmeta:\n  date: 2019-01-01\n---\nOn 2015-01-01.", "2018-04-01"),
        ("rules.md", "Since 2018-01-16.\n\nUpdated: 16 Jan 2018", "2018-01-16"),
        ("rules.md", "No 20180101120000 and 12018-01-011, but 2018-01-16", "2018-01-16"),
    ],
)
def test_the_date_is_the_names_else_the_front_matters_else_the_first_in_the_text(
    folder: Path, name: str, text: str, day: str
) -> None:
    assert local(imported(folder, text, name)).date().isoformat() == day


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("rules.md", "No date at all.", "name a date"),
        ("rules.md", "\n\nLine\n" * 11 + "2018-01-16", "name a date"),
        ("2020-02-30.md", "Text.", "2020-02-30 does not exist"),
        ("rules.md", "Since 2019-13-01.", "does not exist"),
        ("rules.md", "Since February 30, 2019.", "does not exist"),
        ("rules.md", "---\ndate: 2019-02-29\n---\nText on 2018-01-01.", "does not exist"),
        ("0000-01-01.md", "Text.", "does not exist"),
        (
            "2020-05-06.md",
            "---\ndate: 2021-01-01\n---\nText.",
            "name says 2020-05-06, its front matter 2021-01-01",
        ),
        ("9999-01-01.md", "Text.", "9999-01-01, is in the future"),
        ("2999-01-01.md", "Text.", "2999-01-01, is in the future"),
        ("0001-01-01.md", "Text.", "outside of the calendar"),
        ("1899-12-31.md", "Text.", "which begins in 1900"),
        ("2020-01-01-0.md", "Text.", "1 to 1000"),
        ("2020-01-01-99999999999.md", "Text.", "1 to 1000"),
    ],
)
def test_it_refuses_a_file_without_a_date_or_with_an_impossible_one(
    folder: Path, name: str, text: str, reason: str
) -> None:
    assert reason in refused(file(folder, name, text))
    assert not Policy.objects.exists()


@pytest.mark.parametrize(
    "lines",
    [
        "date: 01.02.2018",
        "date: 01/02/2018",
        "date:",
        "date:\n  - 2018-01-01",
        "meta:\n  date: 2018-01-01",
        "date: 2018-04-01\ndate: 2017-01-01",
        "date: 2018-04-01\nDate: 2018-04-01",
        "date: 2018-04-01, 2017-01-01",
    ],
)
def test_a_date_in_the_front_matter_that_is_not_one_date_is_refused(folder: Path, lines: str) -> None:
    for name in ("rules.md", "2018-04-01.md"):
        said = refused(file(folder, name, f"---\ntitle: T\n{lines}\n---\nRegulation of 27 April 2016"))
        assert "the date in its front matter is not one date" in said
    assert not Policy.objects.exists()


@pytest.mark.parametrize(
    ("name", "text", "dates"),
    [
        (
            "rules.md",
            "By Regulation 2016/679 of 27 April 2016.\n\nUpdated 3 May 2020",
            "2016-04-27 and 2020-05-03",
        ),
        ("rules-2019-05-01-to-2020-05-03.md", "Text.", "2019-05-01 and 2020-05-03"),
    ],
)
def test_several_dates_are_refused_asking_for_one(folder: Path, name: str, text: str, dates: str) -> None:
    assert f"it names several dates, {dates}; name it by the one" in refused(file(folder, name, text))
    assert not Policy.objects.exists()


def test_a_front_matter_that_contradicts_a_date_anywhere_in_the_name_is_refused(folder: Path) -> None:
    path = file(folder, "privacy-2019-05-01.md", "---\ndate: 2018-04-01\n---\nText.")
    assert "name says 2019-05-01, its front matter 2018-04-01" in refused(path)


def test_files_of_a_day_are_counted_after_other_words_too(folder: Path) -> None:
    made = imported(folder, "Text.", "rules-2019-05-01-3.md")
    assert local(made).isoformat() == "2019-05-01T00:00:02+02:00"
