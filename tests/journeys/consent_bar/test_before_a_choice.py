"""Before a choice: nothing is kept or fetched, nothing moves, and no answer looks better than another."""

from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer
from wagtail.models import get_page_models

from forms.models import FormPage
from home.models import ContentPage
from store.models import CategoryPage, ProductPage, ShopPage
from tests.factories import cookie_policy, home_page, policy_page, product, publish
from tests.journeys.consent_bar.bar import NOTHING, bar, kept, planted_runs


def test_before_a_choice_no_page_type_keeps_or_fetches_anything(page: Page, live_server: LiveServer) -> None:
    pages = {
        ContentPage: ContentPage(title="About", slug="about"),
        ShopPage: ShopPage(title="Shop", slug="shop"),
        FormPage: FormPage(title="Contact", slug="contact"),
    }
    for instance in pages.values():
        home_page().add_child(instance=instance)
    pages[ProductPage] = product().page
    pages[CategoryPage] = CategoryPage(title="Kitchen", slug="kitchen")
    pages[ShopPage].refresh_from_db()
    pages[ShopPage].add_child(instance=pages[CategoryPage])
    rules = policy_page("House rules")
    publish(rules)
    covered = {*pages, type(rules), type(home_page()), type(cookie_policy())}
    assert covered == {model for model in get_page_models() if model._meta.app_label != "wagtailcore"}

    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    shop = ("shop/", "shop/kitchen/", "shop/enamel-mug-mug/", "basket/")
    for path in ("", "about/", *shop, "contact/", "house-rules/", "cookie-policy/", "no-such-page/"):
        page.goto(f"{live_server.url}/{path}")
        page.wait_for_load_state("networkidle")
        assert kept(page) == NOTHING, path
        assert planted_runs(page) == 0, path
    page.goto(f"{live_server.url}/cookies/")
    expect(bar(page)).to_be_hidden()
    assert kept(page) == NOTHING
    assert [url for url in requested if not url.startswith(live_server.url)] == []


def test_the_bar_moves_nothing_and_leaves_the_page_usable(page: Page, live_server: LiveServer) -> None:
    page.add_init_script(
        """window.shifts = [];
        new PerformanceObserver((list) => window.shifts.push(...list.getEntries().map((entry) => entry.value)))
          .observe({ type: "layout-shift", buffered: true });"""
    )
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{live_server.url}/")
    expect(bar(page)).to_be_visible()
    page.wait_for_timeout(300)
    assert sum(page.evaluate("window.shifts")) == 0
    page.get_by_role("link", name="Cookie settings").scroll_into_view_if_needed()
    page.get_by_role("link", name="Cookie settings").click(trial=True)  # the end of the page can be reached


def test_accept_reject_and_choose_look_the_same(home: Page) -> None:
    look = """(button) => {
        const style = getComputedStyle(button), box = button.getBoundingClientRect();
        return JSON.stringify([style.color, style.backgroundColor, style.borderColor, style.fontWeight,
                               style.fontSize, Math.round(box.height), Math.round(box.width), Math.round(box.top)]);
    }"""
    home.mouse.move(0, 0)
    buttons = bar(home).get_by_role("button").all()
    assert [button.inner_text() for button in buttons] == ["Accept all", "Reject all", "Choose"]
    assert len({button.evaluate(look) for button in buttons}) == 1
