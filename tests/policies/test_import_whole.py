"""An import takes a file whole or not at all: no word is lost, and nothing that could run or load gets in."""

import os
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from home.models import ContentPage
from policies.importing import markdown
from policies.importing.files import import_files
from policies.models import Policy, PolicyPage, PolicyVersion
from policies.text.markup import parse
from tests.factories import home_page, version
from tests.policies.importing import file, imported, refused, run

pytestmark = [pytest.mark.django_db, pytest.mark.also_without_shop]

FORBIDDEN = set("script style iframe img svg form input button base meta noscript".split())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


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
    "start",
    [
        "---\n\nFirst section: we sell your data.\n\n---\n",
        "---\nfirst part of the policy\n---\n",
        "---\n- one of a list\n---\n",
        "---\n\n## Heading\n\n---\n",
    ],
)
def test_a_text_that_begins_with_a_rule_keeps_its_first_section(folder: Path, start: str) -> None:
    made = imported(folder, f"{start}\nSecond section.")
    assert made.title == "House rules"
    for word in start.replace("#", "").replace("-", "").split():
        assert word in made.text
    assert made.text.endswith("Second section.")


@pytest.mark.parametrize(
    "start",
    [
        "title: A\nThis paragraph stands between two rules.",
        "date: 2020-01-02\n- we sell your data",
        "title: A\n# Our rules",
        "Note: we sell your data.",
        "layout: not all of it\nis said with a colon.",
    ],
)
def test_what_may_be_text_or_front_matter_is_refused(folder: Path, start: str) -> None:
    assert "are neither text nor front matter alone" in refused(
        file(folder, text=f"---\n{start}\n---\nThe rest.")
    )
    assert not Policy.objects.exists()


def test_front_matter_of_other_tools_is_no_text(folder: Path) -> None:
    made = imported(
        folder, "---\nTitle: 'Ours'\ntags:\n  - a\n- b\nversions:\n  title: '*'\n\nlayout : x\n---\nText."
    )
    assert (made.title, made.text) == ("Ours", "Text.")


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


@pytest.mark.parametrize(
    "name", ["2018-01-01-\udcff.md", "2018-02-01\x1b[2J\x1b[1;1HEVIL\n.md", "2018-\u202e.md"]
)
def test_a_name_that_cannot_be_shown_is_refused_and_not_printed_raw(folder: Path, name: str) -> None:
    out = StringIO()
    assert "cannot be shown" in refused(file(folder, name))
    with pytest.raises(CommandError):
        call_command("import_policy", str(folder / name), page="house-rules", stdout=out, stderr=out)
    line = out.getvalue().splitlines()[0]
    assert line.isprintable()
    assert line.startswith("'2018-")
    assert not Policy.objects.exists()


def test_a_device_without_an_end_is_not_read() -> None:
    assert "a pipe or a device" in refused(Path("/dev/zero"))


def test_nobody_says_what_an_imported_version_changed(folder: Path, client: Client) -> None:
    imported(folder, "# House rules\n\nBe quiet.", "2019-01-02.md")
    made = imported(folder, "# House rules\n\nBe kind.")
    assert made.change_kind == made.content["change_kind"] == ""
    assert made.is_material  # so that nobody is passed over
    listed = client.get("/house-rules/versions/").content.decode()
    assert "what changed is not stated" in listed
    assert "The meaning changed" not in listed


def test_the_description_of_a_picture_is_kept_and_nothing_of_its_file(folder: Path) -> None:
    html = imported(
        folder,
        'Our <img src="/seal.png" alt="seal & stamp"> and <a href="/x"><img alt=signature></a>.\n\n'
        "Our ![a mug](mug.png) and [![a cup](cup.png)](/cups).\n\n"
        '<IMG SRC="javascript:alert(1)" ALT="in capitals">\n\n`<img alt="code">`',
    ).html
    assert "Our seal &amp; stamp and" in html
    assert 'Our a mug and <a href="/cups">a cup</a>.' in html
    assert ".png" not in html
    assert html.count("signature") == 1
    assert "in capitals" in html
    assert "javascript" not in html
    assert '&lt;img alt="code"&gt;' in html


@pytest.mark.parametrize("note", ["[^1]: A note.", "[^1]: note", "Text\n[^n]: A note.", "- [^1]: note here"])
def test_footnotes_are_refused_since_their_marks_would_stand_in_the_text(folder: Path, note: str) -> None:
    said = refused(file(folder, text=f"# House rules\n\nBe kind.[^1]\n\n{note}"))
    assert "it has footnotes such as [^1]" in said


def test_what_only_looks_like_a_footnote_is_kept(folder: Path) -> None:
    text = imported(folder, "Not `[^a]: b`, nor [^a].\n\n```\n[^1]: code\n```").text
    assert "Not [^a]: b, nor [^a]." in text
    assert "[^1]: code" in text


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
