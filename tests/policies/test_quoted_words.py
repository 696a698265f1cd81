"""Words of a text in a sentence of ours: whatever they are, the sentence around them reads as it is written."""

import pytest
from django.test import Client

from policies.facts import changes
from policies.redline.comparison import compare
from policies.text import quotes
from tests.factories import policy, version

FSI, PDI = "\u2068", "\u2069"


def test_words_that_turn_the_line_do_not_turn_the_sentence() -> None:
    old, new = (f"<p>We keep your data for \u202b{words} here.</p>" for words in ("old", "new"))
    [said] = compare(old, new).changes
    assert f"“{FSI}\u202bold{PDI}” became “{FSI}\u202bnew{PDI}”, in “{FSI}We keep" in said.sentence
    assert f"“{FSI}\u202bold{PDI}” became “{FSI}\u202bnew{PDI}”" in said.label
    assert said.sentence.endswith(f"here.{PDI}”")


@pytest.mark.parametrize("words", ["a\u2067b", "a\u2069b", "\u2066a\u2069\u2069 “b”", "\u05e9\u05dc\u2068"])
def test_nothing_that_is_quoted_stays_open_or_closes_more_than_itself(words: str) -> None:
    said = quotes.isolated(words)
    assert (said[0], said[-1]) == (FSI, PDI)
    assert not set(said[1:-1]) & set("\u2066\u2067\u2068\u2069")


def test_each_line_is_kept_apart_since_a_line_ends_what_is_open() -> None:
    assert quotes.isolated("\u05e9\n\u05dc") == f"{FSI}\u05e9{PDI}\n{FSI}\u05dc{PDI}"


def test_plain_words_stay_as_they_are() -> None:
    assert quotes.isolated("30 days’ notice, né") == "30 days’ notice, né"


def test_a_fact_does_not_turn_the_sentence() -> None:
    [said] = changes.describe({"phone": "\u202b1"}, {"phone": "\u202b2"})
    assert said == f"telephone: “{FSI}\u202b1{PDI}” became “{FSI}\u202b2{PDI}”"
    assert changes.describe([], [{"name": "\u202bx"}]) == [f"{FSI}\u202bx{PDI} added"]
    nested = [{"x": ["\u202b" + "y" * 300, "\u202b" + "z" * 300]}]
    [long] = changes.describe([], nested)
    assert long.count(FSI) == long.count(PDI) == 1


@pytest.mark.django_db
def test_words_that_imitate_the_list_stand_in_an_element(client: Client) -> None:
    of = policy()
    version(of, html="<p>We keep it for x days here.</p>")
    version(of, html="<p>We keep it for x” became “<em>y</em> days here.</p>")
    html = client.get("/house-rules/compare/1/2/list/").content.decode()
    assert '“x” became “<bdi class="quoted">x” became “y</bdi>”' in html
    assert (
        '<bdi class="quoted">x” became “y</bdi>”</a>'
        in client.get("/house-rules/compare/1/2/").content.decode()
    )


def test_markup_in_a_sentence_is_escaped() -> None:
    assert quotes.as_html(f"{FSI}<b>“&{PDI}") == '<bdi class="quoted">&lt;b&gt;“&amp;</bdi>'
