"""What imported text becomes in the editor: ordinary blocks wherever they print exactly what was imported."""

import pytest
from wagtail.admin.rich_text.converters.contentstate import ContentstateConverter

from home.blocks import TEXT_FEATURES
from policies.models import PolicyPage
from policies.text import html_blocks
from policies.text.html_blocks import to_blocks
from policies.text.markup import canonical
from tests.factories import policy_page, publish

pytestmark = pytest.mark.django_db

TABLE = "<table><thead><tr><th>What</th><th>Why</th></tr></thead><tbody>{}</tbody></table>"


def blocks(markup: str) -> list[tuple[str, object]]:
    """Convert markup, and make sure that nothing of it changes."""
    html = canonical(markup)
    found = to_blocks(html)
    assert PolicyPage(title="Any", body=found).render_body().html == html
    return found


def kinds(markup: str) -> list[str]:
    return [kind for kind, _value in blocks(markup)]


def test_headings_and_text_become_what_the_editor_offers() -> None:
    found = blocks("<h2>One</h2><p>a <b>b</b></p><ul><li>c<ol><li>d</li></ol></li></ul><h3>Two</h3><p>e</p>")

    assert [kind for kind, _value in found] == ["heading", "paragraph", "heading", "paragraph"]
    assert dict(found[0][1]) == {"text": "One", "level": "2"}
    assert dict(found[2][1]) == {"text": "Two", "level": "3"}
    assert found[1][1].source.startswith("<p>a <strong>b</strong></p><ul>")


def test_links_and_line_breaks_stay() -> None:
    markup = '<p>a<br>b <a href="https://example.com/?a=1&amp;b=2"><i>c</i> d</a> <a href="#one">e</a></p>'
    assert kinds(markup) == ["paragraph"]


@pytest.mark.parametrize(
    "markup",
    [
        TABLE.format("<tr><td>Name</td><td>Orders</td></tr><tr><td></td><td>1 &lt; 2</td></tr>"),
        TABLE.format('<tr><td><b>Name</b></td><td>See <a href="/x">x</a></td></tr>'),
        TABLE.format("<tr><td>Name</td><td><p>a</p><ul><li>b</li></ul></td></tr>"),
        TABLE.format("<tr><td>a</td><td>b</td></tr>").replace("<thead>", "<caption>Data</caption><thead>"),
    ],
)
def test_a_plain_table_becomes_a_table(markup: str) -> None:
    assert kinds(markup) == ["table"]


@pytest.mark.parametrize(
    "markup",
    [
        TABLE.format("<tr><td>only one</td></tr>"),
        TABLE.format('<tr><td colspan="2">wide</td></tr>'),
        TABLE.format(""),
        TABLE.format("<tr><td><code>a</code></td><td>b</td></tr>"),
        TABLE.format("<tr><th>a</th><td>b</td></tr>"),
        "<table><tbody><tr><td>no headings</td></tr></tbody></table>",
        TABLE.format("<tr><td>a</td><td>b</td></tr>").replace("What", "<i>What</i>"),
    ],
)
def test_a_table_that_the_editor_cannot_hold_stays_as_it_is(markup: str) -> None:
    assert kinds(markup) == ["imported"]


@pytest.mark.parametrize(
    "markup",
    [
        "<h4>Deep</h4>",
        "<h2>With <em>emphasis</em></h2>",
        f"<h2>{'long ' * 40}</h2>",
        '<h2 id="own-anchor">Heading</h2>',
        '<p id="target">a</p>',
        '<p><a href="/x" title="y">a</a></p>',
        "<p>a<sup>2</sup></p>",
        "<blockquote><p>a</p></blockquote>",
        '<ol start="4"><li>a</li></ol>',
        "<ul><li>a<p>b</p></li></ul>",
        "<ul><li>1" * 6 + "</li></ul>" * 6,
        "<pre>a  b</pre>",
        "bare text",
        "<p>\U0001f600 then <b>bold</b></p>",
        '<p lang="de">Guten Tag</p>',
    ],
)
def test_what_the_editor_would_change_stays_as_it_is(markup: str) -> None:
    assert kinds(markup) == ["imported"]


def test_only_the_part_that_does_not_fit_stays_as_it_is() -> None:
    assert kinds("<p>a</p><blockquote><p>b</p></blockquote><pre>c</pre><p>d</p>") == [
        "paragraph",
        "imported",
        "paragraph",
    ]


def test_a_table_that_does_not_fit_leaves_the_text_around_it_alone() -> None:
    table = TABLE.format("<tr><th>a</th><td>b</td></tr>")
    assert kinds(f"<p>a</p>{table}<h2>b</h2>") == ["paragraph", "imported", "heading"]


def test_lists_that_follow_each_other_stay_two() -> None:
    assert kinds("<ul><li>a</li></ul><ul><li>b</li></ul><p>c</p>") == ["paragraph", "paragraph"]


def test_headings_of_one_name_keep_their_anchors() -> None:
    assert kinds("<h2>Data</h2><h2>Data</h2><h3>Data</h3>") == ["heading", "heading", "heading"]
    assert kinds('<h2 id="data-2">Data</h2><h2>Data</h2>') == ["imported", "heading"]


def test_our_own_call_outs_and_definitions_come_back() -> None:
    page = policy_page(
        body=[
            ("callout", {"title": "Note", "text": "<p>Be <b>kind</b>.</p>"}),
            ("callout", {"title": "", "text": "<p>Always.</p>"}),
            ("definitions", {"items": [{"term": "We", "meaning": "<p>The shop.</p>"}]}),
        ]
    )
    version = publish(page)

    assert kinds(version.html) == ["callout", "callout", "definitions"]


def test_a_text_longer_than_a_book_stays_in_one_piece() -> None:
    assert kinds("<p>word</p>" * (html_blocks.MAX_ELEMENTS + 1)) == ["imported"]
    assert kinds(f"<p>{'word ' * (html_blocks.MAX_LENGTH // 5)}</p>") == ["imported"]


def test_the_editor_changes_nothing_of_what_became_text() -> None:
    markup = (
        '<p>a <b>b <i>c</i></b><i> d</i> <b><a href="/x">e</a></b>\u00a0f &amp; &lt;g&gt; <br>h</p>'
        "<ul><li>i<ul><li>j<ol><li>k</li></ol></li></ul></li></ul><p>l \U0001f600</p>"
    )
    ((kind, value),) = blocks(markup)
    editor = ContentstateConverter(TEXT_FEATURES)
    saved = editor.to_database_format(editor.from_database_format(value.source))

    assert kind == "paragraph"
    assert canonical(saved) == canonical(markup)
