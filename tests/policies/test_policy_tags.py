"""How the text of a policy is printed: tables that scroll sideways can be reached without a mouse."""

from policies.templatetags.policy_tags import policy_text
from policies.text import markup

TABLE = "<table>\n<tbody>\n<tr>\n<td>Orders</td>\n</tr>\n</tbody>\n</table>"


def test_it_lets_keyboards_reach_a_table_that_scrolls() -> None:
    frozen = markup.canonical(f'<div class="table-scroll" tabindex="3" role="region">{TABLE}</div>')
    assert (
        policy_text(frozen)
        == f'<div class="table-scroll" role="group" tabindex="0" aria-label="Table">{TABLE}</div>'
    )


def test_it_prints_everything_else_as_it_was_frozen() -> None:
    frozen = markup.canonical('<h2>Who &amp; what</h2><p class="table-scroll">One</p><div>Two</div>')
    assert policy_text(frozen) == frozen


def test_it_puts_a_table_that_came_with_an_import_into_a_box() -> None:
    shown = policy_text(markup.canonical(f"<p>Before</p>{TABLE}<p>After</p>"))
    box = '<div class="table-scroll" role="group" tabindex="0" aria-label="Table">'
    assert shown == f"<p>Before</p>\n{box}{TABLE}</div>\n<p>After</p>"
