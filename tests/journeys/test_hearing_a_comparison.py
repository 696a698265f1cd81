"""What a screen reader says of a comparison, in order: snapshots of the accessibility tree."""

from datetime import timedelta
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.factories import policy, version

MOVED = "<p>We answer within a month whoever asks us, and never for a fee.</p>"
ROWS = "".join(f"<tr><td>Kind {number}</td><td>{number} years</td></tr>" for number in range(1, 6))
TABLE = f"<table><thead><tr><th>What</th><th>How long</th></tr></thead><tbody>{ROWS}</tbody></table>"
OLD = f"""<h2 id="a">Cookies</h2><p>We clear old mail 24 months after the last letter.</p>{MOVED}{TABLE}
<h2 id="b">Gone</h2><p>We send news.</p><h2 id="c">Rights</h2><p>See <a href="/old/">the form</a>.</p>"""
NEW = f"""<h2 id="a">Cookies</h2><p>We clear old mail 12 months after the last letter.</p>
{TABLE.replace("1 years", "1 year")}<h2 id="c">Rights</h2><p>See <a href="/new/">the form</a>.</p>{MOVED}"""


@pytest.fixture
def comparison(live_server: LiveServer) -> str:
    """Two versions of a policy; the address of their comparison."""
    rules, now = policy(), timezone.now()
    version(rules, html=OLD, at=now - timedelta(days=2), facts={"company": {"phone": "111"}})
    version(rules, html=NEW, at=now - timedelta(days=1), facts={"company": {"phone": "222"}})
    return f"{live_server.url}/house-rules/compare/1/2/"


def test_as_a_list_each_change_is_a_sentence_under_its_section(page: Page, comparison: str) -> None:
    page.goto(f"{comparison}list/")

    expect(page.locator(".columns__text")).to_match_aria_snapshot("""
      - region "Facts beside the text changed too":
        - heading "Facts beside the text changed too" [level=2]
        - heading "Who we are" [level=3]
        - list:
          - listitem: "telephone: “111” became “222”"
      - region "Section “Cookies”":
        - /children: equal
        - heading "Section “Cookies”" [level=2]
        - list:
          - /children: equal
          - listitem: "Changed: “24” became “12”, in “We clear old mail 12 months after the last letter.”"
          - listitem: "Moved to: Section “Rights”: “We answer within a month whoever asks us, and never …”"
          - listitem: "Changed: “years” became “year”, in “1 year”"
      - region "Section “Gone”":
        - /children: equal
        - heading "Section “Gone”" [level=2]
        - list:
          - /children: equal
          - listitem: "Removed: “Gone We send news.”"
      - region "Section “Rights”":
        - /children: equal
        - heading "Section “Rights”" [level=2]
        - list:
          - /children: equal
          - listitem: "Changed: “the form (/old/)” became “the form (/new/)”, in “See the form (/new/).”"
          - listitem: /Moved here from. Section “Cookies”. “We answer within a month whoever asks us, .* fee.”/
    """)


def test_in_one_text_what_changed_is_said_where_it_stands(page: Page, comparison: str) -> None:
    page.goto(comparison)

    expect(page.get_by_role("article")).to_match_aria_snapshot("""
      - article:
        - /children: equal
        - heading "Cookies" [level=2]
        - paragraph:
          - text: We clear old mail
          - deletion: "[removed: 24 end of removed text]"
          - insertion: "[added: 12 end of added text]"
          - text: months after the last letter.
        - group "Moved":
          - paragraph:
            - deletion:
              - 'link "Moved to: Section “Rights”"'
              - text: We answer within a month whoever asks us, and never for a fee.
        - group "Table":
          - table:
            - rowgroup:
              - row "What How long"
            - rowgroup:
              - 'row "Kind 1 1 [removed: years end of removed text] [added: year end of added text]"'
            - rowgroup:
              - row "4 unchanged rows":
                - cell "4 unchanged rows":
                  - checkbox "4 unchanged rows"
        - group "Removed":
          - heading "Gone" [level=2]
          - paragraph:
            - deletion: We send news.
        - heading "Rights" [level=2]
        - paragraph:
          - text: See
          - deletion:
            - text: "[removed:"
            - link "the form":
              - /url: /old/
            - text: (/old/) end of removed text]
          - insertion:
            - text: "[added:"
            - link "the form":
              - /url: /new/
            - text: (/new/) end of added text]
          - text: .
        - group "Moved":
          - paragraph:
            - insertion:
              - 'link "Moved here from: Section “Cookies”"'
              - text: We answer within a month whoever asks us, and never for a fee.
    """)


def test_side_by_side_each_row_says_the_old_text_then_the_new_one(page: Page, comparison: str) -> None:
    page.goto(f"{comparison}side-by-side/")

    rows = page.locator(".side-by-side > tbody")
    expect(rows).to_match_aria_snapshot("""
      - rowgroup:
        - /children: equal
        - row "Cookies Cookies"
        - row:
          - 'cell "We clear old mail [removed: 24 end of removed text] months after the last letter."'
          - 'cell "We clear old mail [added: 12 end of added text] months after the last letter."'
        - row:
          - cell /Moved to. Section “Rights” We answer .* for a fee. end of moved text]/
          - cell "Not in this version."
        - row "Table Table"
        - row:
          - 'cell "[removed: Gone end of removed text] [removed: We send news. end of removed text]"'
          - cell "Not in this version."
        - row "Rights Rights"
        - row:
          - 'cell "See [removed: the form (/old/) end of removed text] ."'
          - 'cell "See [added: the form (/new/) end of added text] ."'
        - row:
          - cell "Not in this version."
          - cell /Moved here from. Section “Cookies” We answer .* for a fee. end of moved text]/
    """)


def test_the_switch_of_a_table_shows_its_unchanged_rows(page: Page, comparison: str) -> None:
    page.goto(comparison)
    row = page.get_by_role("row", name="Kind 4")
    expect(row).to_be_hidden()

    switch = page.get_by_role("checkbox", name="4 unchanged rows")
    switch.focus()
    page.keyboard.press("Space")
    expect(row).to_be_visible()


def test_a_moved_paragraph_leads_to_its_other_place_and_back(page: Page, comparison: str) -> None:
    page.goto(comparison)
    page.get_by_role("article").get_by_role("link", name="Moved to").click()
    back = page.get_by_role("article").get_by_role("link", name="Moved here from")
    expect(back).to_be_in_viewport()
    back.click()
    expect(page.get_by_role("article").get_by_role("link", name="Moved to")).to_be_in_viewport()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("way", ["", "side-by-side/", "list/"])
def test_no_way_to_compare_breaks_a_rule_of_accessibility(
    page: Page, comparison: str, way: str, scheme: Literal["light", "dark"]
) -> None:
    page.emulate_media(color_scheme=scheme)
    page.goto(f"{comparison}{way}")

    assert Axe().run(page).response["violations"] == []


def test_two_versions_are_chosen_by_keyboard_without_a_script(browser: Browser, comparison: str) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{comparison}list/")
        page.get_by_label("From version").select_option("2")
        page.get_by_label("to version").select_option("1")
        page.get_by_role("button", name="Compare").press("Enter")
        expect(page).to_have_url(comparison.replace("/1/2/", "/2/1/list/"))
