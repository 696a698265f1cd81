"""Importing versions from Markdown files: whole, on their own dates, once; or refused by name."""

import os
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from home.models import ContentPage
from policies.importing import markdown
from policies.importing.files import import_files
from policies.models import Policy, PolicyPage, PolicyVersion
from policies.text.markup import parse
from tests.factories import home_page, policy_page, publish, version

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

FORBIDDEN = set("script style iframe img svg form input button base meta noscript".split())
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def file(
    folder: Path, name: str = "2020-01-02.md", text: str | bytes = "# House rules\n\nBe kind.\n"
) -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def run(*paths: Path, **options: object) -> str:
    out = StringIO()
    options.setdefault("title", "House rules")
    call_command("import_policy", *map(str, paths), page="house-rules", stdout=out, stderr=out, **options)
    return out.getvalue()


def refused(*paths: Path) -> str:
    """Run an import that must fail, and return what it said of its files."""
    outcomes = list(import_files(paths, slug="house-rules", title="House rules"))
    assert [outcome.result for outcome in outcomes] == ["refused"] * len(paths)
    with pytest.raises(CommandError):
        run(*paths)
    return " ".join(outcome.reason for outcome in outcomes)


def imported(folder: Path, text: str, name: str = "2020-01-02.md") -> PolicyVersion:
    run(file(folder, name, text))
    return PolicyVersion.objects.get(import_source=name)


def local(version: PolicyVersion) -> datetime:
    return version.effective_at.astimezone(BERLIN)


# --- What becomes of a file -----------------------------------------------------------------------------


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


# --- The title and the date --------------------------------------------------------------------------------


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
        ("9999-01-01.md", "Text.", "in the future"),
        ("2999-01-01.md", "Text.", "in the future"),
        ("0001-01-01.md", "Text.", "outside of the calendar"),
        ("2020-01-01-0.md", "Text.", "1 to 1000"),
        ("2020-01-01-99999999999.md", "Text.", "1 to 1000"),
    ],
)
def test_it_refuses_a_file_without_a_date_or_with_an_impossible_one(
    folder: Path, name: str, text: str, reason: str
) -> None:
    assert reason in refused(file(folder, name, text))
    assert not Policy.objects.exists()


# --- No word is lost, every dangerous thing is ----------------------------------------------------------------


def test_every_form_of_markdown_keeps_its_words(folder: Path) -> None:
    text = """
A *b*c __d__ [e f][g] and [h] and <https://example.com/i>, R&eacute;sum&eacute;, 3 &lt; 4, a\\_b.
![a picture's words](https://example.com/p.png)

[g]: https://example.com/g "its title"
[H]: /h

1. first
   - inner
     1. innermost
2. second

| left | right |
|:-----|------:|
| `x\\|y` | **bold** |

```python
code = "kept"
```

<details><summary>More</summary>

inside

</details>

<p>raw <b>markup</b></p>

نص من اليمين 中文
"""
    made = imported(folder, text)

    for words in (
        "A bc d e f and h and https://example.com/i, Résumé, 3 < 4, a_b.",
        "a picture's words",
        "inner\ninnermost\nsecond",
        "left\nright",
        'code = "kept"',
        "More\ninside",
        "raw markup",
        "نص من اليمين 中文",
    ):
        assert words in made.text
    for markup in (
        '<a href="https://example.com/g" title="its title">e f</a>',
        '<a href="/h">h</a>',
        "<summary>",
    ):
        assert markup in made.html


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        '<p onclick="alert(1)" style="color:red">x</p>',
        "<a href='javascript:alert(1)'>x</a>",
        "[x](javascript:alert(1))",
        "[x](//evil.example/)",
        "<iframe src='https://evil.example/'></iframe>",
        "<svg/onload=alert(1)>",
        "<style>body{display:none}</style>",
        "<form action='https://evil.example/'><input name=a><button>b</button></form>",
        "<base href='https://evil.example/'><meta http-equiv=refresh content='0;url=https://evil.example/'>",
        "<!--><script>alert(1)</script>-->",
        "<a href='&#106;avascript:alert(1)'>x</a>",
        "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    ],
)
def test_what_could_run_or_load_never_reaches_a_version(folder: Path, hostile: str) -> None:
    outcomes = list(
        import_files(
            [file(folder, text=f"Before.\n\n{hostile}\n\nAfter.")], slug="house-rules", title="House rules"
        )
    )

    for made in PolicyVersion.objects.all():
        assert "Before." in made.text
        assert "After." in made.text
        root = parse(made.html)
        assert not {element.tag for element in root.iter()} & FORBIDDEN
        for element in root.iter():
            assert not [name for name in element.attrib if name.startswith("on") or name == "style"]
            assert not element.get("href", "").lower().startswith(("javascript:", "//"))
    assert [outcome.result for outcome in outcomes] == ["made"] or "lost" in outcomes[0].reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (">" * 200 + " deep words", "nested too deeply"),
        ("".join("  " * depth + f"- item{depth}\n" for depth in range(60)), "nested too deeply"),
        ("<div>" * 400 + "deep words" + "</div>" * 400, "nested too deeply"),
        ("| a | b |\n|---|---|\n| one | two | three |", "“three”"),
        ("Text\n\n<!-- open comment\n\nand the rest", "its comment is never closed"),
        ("Text <script>open\n\nand the rest", "never closed"),
        ("# " + "long " * 60 + "\n\nText", "255"),
        ("# Only a title", "no text"),
        ("", "no text"),
        ("<p>a &#1; b</p>", "U+0001"),
    ],
)
def test_it_refuses_a_file_that_it_cannot_take_whole(folder: Path, text: str, reason: str) -> None:
    assert reason in refused(file(folder, text=text))
    assert not Policy.objects.exists()
    assert not PolicyPage.objects.exists()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("Grüße".encode("latin-1"), "not UTF-8 (byte 2)"),
        ("Text.".encode("utf-16"), "not UTF-8"),
        (b"Te\x00xt", "U+0000"),
        (b"Te\x1b[31mxt", "U+001B"),
        (b"x" * (5 * 1024 * 1024 + 1), "5 MB"),
    ],
)
def test_it_refuses_bytes_that_are_no_text(folder: Path, content: bytes, reason: str) -> None:
    assert reason in refused(file(folder, text=content))


def test_a_byte_order_mark_and_foreign_line_ends_are_no_matter(folder: Path) -> None:
    path = file(folder, text="\ufeff# House rules\r\n\r\nBe\rkind.\r\n".encode())
    run(path)

    assert PolicyVersion.objects.get().title == "House rules"
    assert PolicyVersion.objects.get().text == "Be kind."


def test_it_refuses_a_missing_file_and_a_folder(folder: Path) -> None:
    assert "no such file" in refused(folder / "2020-01-01.md")
    (folder / "2020-01-02.md").mkdir()
    assert "cannot be read" in refused(folder / "2020-01-02.md")


def test_a_future_date_is_announced_when_it_is_asked_for(folder: Path) -> None:
    run(file(folder, "2999-01-01.md"), allow_future=True)
    assert Policy.objects.get().versions.pending(timezone.now()).count() == 1


def test_it_refuses_a_link_to_a_file_and_waits_for_no_pipe(folder: Path) -> None:
    secret, link, pipe = file(folder, "secret.md"), folder / "2020-01-02.md", folder / "2020-01-03.md"
    link.symlink_to(secret)
    os.mkfifo(pipe)
    assert "it is a symbolic link" in refused(link)
    assert "no text" in refused(pipe)
    assert not Policy.objects.exists()


def test_nobody_says_what_an_imported_version_changed(folder: Path, client: Client) -> None:
    made = imported(folder, "# House rules\n\nBe kind.")
    assert made.change_kind == made.content["change_kind"] == ""
    assert made.is_material  # so that nobody is passed over
    listed = client.get("/house-rules/versions/").content.decode()
    assert "what changed is not stated" in listed
    assert "The meaning changed" not in listed


def test_the_description_of_a_picture_in_html_is_kept(folder: Path) -> None:
    html = imported(
        folder,
        'Our <img src="/seal.png" alt="seal & stamp"> and <a href="/x"><img alt=signature></a>.\n\n'
        '<IMG SRC="javascript:alert(1)" ALT="in capitals">\n\n`<img alt="code">`',
    ).html
    assert '<a href="/seal.png"' in html
    assert "seal &amp; stamp</a> and" in html
    assert html.count("signature") == 1
    assert "in capitals" in html
    assert "javascript" not in html
    assert '&lt;img alt="code"&gt;' in html


def test_files_that_were_imported_are_not_converted_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [file(folder, f"2020-01-{day:02}.md", f"# House rules\n\nText {day}.") for day in range(1, 11)]
    run(*paths)

    def refuse(*_args: object, **_options: object) -> None:
        raise AssertionError

    monkeypatch.setattr(markdown, "convert", refuse)
    assert "made: 0, unchanged: 10, refused: 0" in run(*paths)


def test_a_refused_file_does_not_stop_the_others(folder: Path) -> None:
    with pytest.raises(CommandError, match=r"1 file\(s\) refused"):
        run(folder / "2019-01-01.md", file(folder))

    assert PolicyVersion.objects.get().import_source == "2020-01-02.md"


def test_it_refuses_a_slug_that_is_taken_reserved_or_no_slug(folder: Path) -> None:
    home_page().add_child(instance=ContentPage(title="About", slug="about"))
    for slug in ("about", "admin", "cookies"):
        outcome = next(import_files([file(folder)], slug=slug))
        assert "is taken" in outcome.reason
    with pytest.raises(CommandError, match="lower-case"):
        call_command("import_policy", str(file(folder)), page="no such/slug")
    assert not Policy.objects.exists()


def test_imported_versions_do_not_look_published(folder: Path) -> None:
    made = imported(folder, "Text.")

    assert made.content["imported_from"] == {"name": "2020-01-02.md", "sha256": made.import_sha256}
    assert made.publisher_name == ""
    assert version(made.policy, html="<p>New</p>").number == 2
