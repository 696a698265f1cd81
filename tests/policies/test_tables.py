"""Tables on narrow screens: each cell knows the heading of its column; what a list could not tell stays a table."""

import lxml.html
import pytest

from policies.templatetags.policy_tags import policy_text
from policies.text import markup

ROW = "<tr><td>sid</td><td>Jomso</td><td>a day</td></tr>"
HEAD = "<tr><th>Name</th><th>Set <b>by</b></th><th>How\n long</th></tr>"
PLAIN = f"<table><thead>{HEAD}</thead><tbody>{ROW}</tbody></table>"


def shown(table: str) -> lxml.html.HtmlElement:
    return lxml.html.fromstring(policy_text(markup.canonical(table))).find(".//table")


def test_each_cell_has_the_words_of_its_heading() -> None:
    table = shown(PLAIN)

    assert [cell.get("data-label") for cell in table.iter("td")] == ["Name", "Set by", "How long"]
    assert table.get("class") == "stacks"


def test_headings_in_the_first_row_of_the_body_count_as_well() -> None:
    table = shown(f"<table><tbody>{HEAD}{ROW}</tbody></table>")

    assert [cell.get("data-label") for cell in table.iter("td")] == ["Name", "Set by", "How long"]


@pytest.mark.parametrize(
    "table",
    [
        f"<table><tbody>{ROW}{ROW}</tbody></table>",
        f"<table><thead>{HEAD}</thead></table>",
        PLAIN.replace("<td>sid</td><td>", '<td colspan="2">'),
        PLAIN.replace("<td>sid</td>", ""),
        PLAIN.replace("Name", ""),
        PLAIN.replace("<th>Name</th>", "").replace("<td>sid</td>", ""),
        PLAIN.replace("sid", f"<table><tbody>{ROW}</tbody></table>"),
    ],
)
def test_any_other_table_scrolls_as_it_is(table: str) -> None:
    assert "data-label" not in policy_text(markup.canonical(table))


def test_in_a_redline_a_heading_is_called_what_it_is_called_now() -> None:
    changed = PLAIN.replace(
        "Name", '<del><span class="visually-hidden">[</span>Old</del><ins><b>New</b></ins> name'
    )
    assert lxml.html.fromstring(policy_text(changed)).find(".//td").get("data-label") == "New name"
