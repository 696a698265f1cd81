"""What a file can do to its reader: it is imported right, or refused with the reason and soon."""

import time
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError

from policies.importing.files import import_files
from policies.importing.markdown import convert, decode
from policies.models import Policy, PolicyPage
from policies.text.blocks import CleanedHtmlBlock
from policies.text.limits import TextRefusedError
from policies.text.markup import clean_html, plain_text

MEGABYTES_5 = 5 * 1024 * 1024


def seconds_for(text: str) -> tuple[float, str]:
    """Read a text, and return how long that took and why it was refused, if it was."""
    start = time.process_time()
    reason = ""
    try:
        convert(decode(text.encode()), fallback_title="Rules")
    except TextRefusedError as refusal:
        reason = str(refusal)
    return time.process_time() - start, reason


def filled(unit: str) -> str:
    return "Text\n\n" + unit * ((MEGABYTES_5 - 6) // len(unit.encode()))


# --- Time ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("unit", "reason"),
    [
        ("[", "square brackets"),
        ("![", "square brackets"),
        ("](", "square brackets"),
        ("[a]: b ", "square brackets"),
        ("*a ", "of the marks"),
        ("_a", "of the marks"),
        ("` x`` ", "of the marks"),
        ("<", "of the marks"),
        ("<!--", "of the marks"),
        ("&", "of the marks"),
        ("\\", "of the marks"),
        ("<p><b id=x>", "of the marks"),
        ("> ", "inside of others"),
        (">", "inside of others"),
        ("|a|b|\n", "50000 lines"),
        ("| a ", "table cells"),
        ("- a\n", "50000 lines"),
    ],
)
def test_five_megabytes_that_would_take_minutes_are_refused_at_once(unit: str, reason: str) -> None:
    seconds, said = seconds_for(filled(unit))

    assert reason in said
    assert seconds < 3


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("![" * 20_000 + " *a " * 100_000, "not closed"),
        (("- " * 45 + "x\n") * 40_000, "inside of others"),
        (">" * 100_000 + " deep", "inside of others"),
        (">" * 200 + " deep", "nested too deeply"),
        ("".join("  " * depth + "- x\n" for depth in range(500)), "nested too deeply"),
        ("<div>" * 100_000 + "x", "nested too deeply"),
        ("<ul><li>" * 10_000 + "x", "nested too deeply"),
        ("<table><tr><td>" * 5_000 + "x", "nested too deeply"),
        ("<p " + " ".join(f"a{n}=1" for n in range(100_000)) + ">x</p>", "attributes"),
        ("<p " + " ".join(f"a{n}='>'" for n in range(1_000)) + ">x</p>", "attributes"),
    ],
)
def test_what_parsers_choke_on_is_refused_at_once(text: str, reason: str) -> None:
    seconds, said = seconds_for(text)

    assert reason in said
    assert seconds < 5


@pytest.mark.parametrize(
    ("line", "count"),
    [("title: x" + " " * 100_000 + "x\n", 1), ("k: v\n", 400_000), ("date: 1 of May\n", 100_000)],
)
def test_front_matter_of_any_length_is_read_at_once(line: str, count: int) -> None:
    seconds, _reason = seconds_for(f"---\ntitle: x\n{line * count}---\n# T\n\nHello")
    assert seconds < 5


@pytest.mark.slow
def test_five_megabytes_of_words_are_no_trouble() -> None:
    for unit in ("x", "Lorem ipsum, dolor sit amet. ", "\u05d0"):
        seconds, reason = seconds_for(filled(unit))
        assert reason == ""
        assert seconds < 15  # it is about two


def test_formatting_that_is_never_closed_does_not_multiply() -> None:
    markup = "".join(f"<p><b id=b{n}>x</p>" for n in range(3_000))
    seconds, _reason = seconds_for(markup)

    assert len(clean_html(markup)) < 3 * len(markup)
    assert seconds < 10


# --- Letters ---------------------------------------------------------------------------------------------------------


def test_text_from_right_to_left_stays_as_it_is() -> None:
    text = "\u05e9\u05dc\u05d5\u05dd \u2067\u0645\u0631\u062d\u0628\u0627\u2069 \u200fabc\u200e"
    assert plain_text(convert(text, fallback_title="x").body.html) == text


@pytest.mark.parametrize("override", ["\u202d", "\u202e", "&#x202e;"])
def test_letters_shown_in_another_order_than_written_are_refused(override: str) -> None:
    _seconds, reason = seconds_for(f"<p>We do {override}not\u202c sell data</p>")
    assert "another order" in reason


def test_other_encodings_are_named() -> None:
    for encoding in ("utf-16", "utf-16-le", "latin-1", "cp1252"):
        with pytest.raises(TextRefusedError, match=r"not UTF-8|control character"):
            decode("Grüße\n".encode(encoding))
    with pytest.raises(TextRefusedError, match="UTF-16"):
        decode("Text".encode("utf-16"))


# --- Nothing is left behind -------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_refused_file_leaves_nothing_behind(tmp_path: Path) -> None:
    file = tmp_path / "2020-01-02.md"
    for text in ("<div>" * 200 + "x", "a\u202eb", "x" * (MEGABYTES_5 + 1), "[" * 60_000):
        file.write_text(text, encoding="utf-8")
        (outcome,) = import_files([file], slug="house-rules")
        assert outcome.result == "refused"
    assert not Policy.objects.exists()
    assert not PolicyPage.objects.exists()


# --- The block that holds imported text -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("markup", "reason"),
    [
        ("<p>a</p><!-- open", "comment is never closed"),
        ("<p>a</p><script>b", "never closed"),
        ("<div>" * 300 + "deep", "nested too deeply"),
        ("<svg><text>two words</text></svg>", "2 words would be lost, “two” among them"),
        ("<p>a</p><math><mi>b</mi></math>", "1 word would be lost: “b”"),
        ("<p>a\u202eb</p>", "another order"),
        ("<p " + "a=1 " * 200 + ">x</p>", "attributes"),
    ],
)
def test_the_field_refuses_markup_that_would_lose_words(markup: str, reason: str) -> None:
    with pytest.raises(ValidationError, match="This cannot be saved") as refusal:
        CleanedHtmlBlock().clean(markup)
    assert reason in str(refusal.value)


def test_the_field_takes_what_loses_nothing() -> None:
    markup = '<p onclick="x()">a <!-- b --><script>c</script><font>d</font></p>'
    assert CleanedHtmlBlock().clean(markup) == "<p>a d</p>"
