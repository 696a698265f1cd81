"""Small screens: no page is wider than the screen, tables stay tables, the contents stay in sight."""

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from forms.inbox import links
from forms.models import ThreadEntry
from home.models import BrandSettings
from tests.factories import policy, policy_page, publish, version
from tests.journeys.windows import WINDOWS, each_window

PATHS = (
    "/",
    "/about/",
    "/shop/",
    "/shop/?sort=price&available=1",
    "/shop/enamel-mug/",
    "/search/?q=enamel",
    "/news/",
    "/news/longer-to-change-your-mind/",
    "/orders/find/",
    "/demo/",
    "/basket/",
    "/privacy-policy/",
    "/privacy-policy/versions/",
    "/privacy-policy/compare/1/2/",
    "/privacy-policy/compare/1/2/side-by-side/",
    "/privacy-policy/compare/1/2/list/",
    "/cookie-policy/",
    "/terms/",
    "/cookies/",
    "/contact/",
    "/contact/thanks/",
    "/messages/answer/forged/",
    "/feedback/",
    "/nothing-here/",
)


def test_no_page_scrolls_sideways(page: Page, live_server: LiveServer, demo: None) -> None:
    reply = ThreadEntry.objects.filter(kind=ThreadEntry.Kind.REPLY, answer=None).latest("pk")
    found = {}
    for path in (*PATHS, urlsplit(links.url_of(reply)).path):
        page.goto(f"{live_server.url}{path}")
        for width in each_window(page, ((320, 640), *WINDOWS)):
            found[path, width] = page.evaluate("document.documentElement.scrollWidth")
    assert found == {(path, width): width for path, width in found}


def test_menu_and_basket_stand_beside_the_name_on_a_phone_held_sideways(
    page: Page, live_server: LiveServer, demo: None
) -> None:
    page.set_viewport_size({"width": 844, "height": 390})
    page.goto(f"{live_server.url}/")
    header = page.get_by_role("banner")
    links = (
        header.locator(".brand"),
        header.get_by_role("link", name="Contact"),
        header.get_by_role("link", name="Basket"),
    )
    middles = {round(box["y"] + box["height"] / 2) for box in (link.bounding_box() for link in links)}
    assert len(middles) == 1


def test_a_long_name_of_a_shop_leaves_the_window_to_the_page(
    page: Page, live_server: LiveServer, demo: None
) -> None:
    brand = BrandSettings.current()
    brand.name = "Kettering & Daughters Hardware and Household Supplies"
    brand.save()
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{live_server.url}/shop/")
    header = page.get_by_role("banner")
    assert header.evaluate("one => one.offsetHeight") < 844 / 4
    expect(header.get_by_role("link", name="Basket")).to_be_visible()


TABLE = """<table><thead><tr><th>Name</th><th>Set by</th><th>How long</th></tr></thead>
<tbody><tr><td>sid</td><td>Jomso</td><td>a day</td></tr></tbody></table>"""


def test_a_table_told_row_by_row_stays_one_for_screen_readers(page: Page, live_server: LiveServer) -> None:
    version(policy(), html=TABLE)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{live_server.url}/house-rules/")
    expect(page.get_by_role("table")).to_match_aria_snapshot("""
        - table:
          - rowgroup:
            - row:
              - columnheader "Name"
              - columnheader "Set by"
              - columnheader "How long"
          - rowgroup:
            - row:
              - cell "Name sid"
              - cell "Set by Jomso"
              - cell "How long a day"
    """)


def test_the_contents_stay_in_sight_and_fold_once_an_entry_is_followed(
    page: Page, live_server: LiveServer
) -> None:
    sections = "".join(f"<h2>Section {number}</h2>" + "<p>Words.</p>" * 40 for number in range(1, 6))
    publish(policy_page(body=sections))
    page.emulate_media(reduced_motion="reduce")  # scrolls at once
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{live_server.url}/house-rules/")
    contents = page.get_by_role("navigation", name="Contents")
    contents.get_by_text("Contents").click()
    contents.get_by_role("link", name="Section 4").click()
    expect(page).to_have_url(re.compile("#section-4"))
    expect(contents.get_by_role("link", name="Section 4")).to_be_hidden()
    heading = page.get_by_role("heading", name="Section 4")
    expect(heading).to_be_in_viewport(ratio=1)
    bar = contents.bounding_box()
    assert bar["y"] == 0  # still at the top of the window, and the heading below it
    assert bar["height"] <= heading.bounding_box()["y"]


@pytest.mark.parametrize("size", [(390, 844), (640, 450), (844, 390)])
def test_a_long_list_of_changes_can_be_read_to_its_end_and_folds_once_one_is_followed(
    page: Page, live_server: LiveServer, size: tuple[int, int]
) -> None:
    old, new = ("".join(f"<p>Paragraph {n} says {word}.</p>" for n in range(60)) for word in ("no", "yes"))
    rules = policy()
    version(rules, html=old)
    version(rules, html=new)
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(f"{live_server.url}/house-rules/compare/1/2/")
    changes = page.get_by_role("navigation", name="Changes")
    changes.get_by_text("60 changes").first.click()
    page.mouse.wheel(0, 400)  # the list is at the top of the window
    last = changes.get_by_role("link").last
    last.scroll_into_view_if_needed()
    expect(last).to_be_in_viewport()
    assert changes.bounding_box()["height"] <= size[1]
    last.click()
    expect(page).to_have_url(re.compile("#change-60"))
    expect(last).to_be_hidden()
    expect(page.locator("#change-60")).to_be_in_viewport()


@pytest.mark.parametrize("size", [(1280, 900), (390, 844)])
def test_side_by_side_no_table_breaks_a_word(
    page: Page, live_server: LiveServer, size: tuple[int, int]
) -> None:
    cells = "<td>OpenStreetMap</td>" + "<td>What it is for, told at some length. </td>" * 4
    heads = "".join(f"<th>{head}</th>" for head in ("Who", "Data", "What for", "Where", "Contract"))
    table = f"<table><thead><tr>{heads}</tr></thead><tbody><tr>{cells}</tr></tbody></table>"
    rules = policy()
    version(rules, html=f"{table}<p>Old words.</p>")
    version(rules, html=f"{table}<p>New words.</p>")
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(f"{live_server.url}/house-rules/compare/1/2/side-by-side/")
    lines = """cell => {
        const range = document.createRange();
        range.selectNodeContents(cell);
        return range.getClientRects().length;
    }"""
    for name in page.locator(".side-by-side table td:visible", has_text="OpenStreetMap").all():
        assert name.evaluate(lines) == 1
