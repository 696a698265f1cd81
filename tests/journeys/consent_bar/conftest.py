"""A site that asks for consent, with an optional script planted into its pages on their way to the browser."""

from collections.abc import Callable, Iterator

import pytest
from django.template import Context, Template
from playwright.sync_api import BrowserContext, Page, Route
from pytest_django.live_server_helper import LiveServer

from tests.factories import cookie_policy, declare_cookies
from tests.journeys.consent_bar.bar import PLANTED

OPTIONAL_SCRIPT = "{% load consent_tags %}{% optional_script 'analytics' '/static/planted.js' %}"


@pytest.fixture(autouse=True)
def _site(fill: Callable[[Callable[[], None]], None]) -> None:
    fill(_ask_for_consent)


def _ask_for_consent() -> None:
    declare_cookies("analytics", "_visits_*")
    declare_cookies("analytics", "_visits_store", storage="local")
    declare_cookies("needed", "consent", is_required=True)
    cookie_policy()


@pytest.fixture
def context(context: BrowserContext, live_server: LiveServer) -> Iterator[BrowserContext]:
    """Plant an optional script into every page."""
    element = Template(OPTIONAL_SCRIPT).render(Context())

    def plant(route: Route) -> None:
        answer = route.fetch()
        body = answer.text().replace("</body>", f"{element}</body>")
        route.fulfill(response=answer, body=body)

    context.set_default_timeout(5_000)
    context.route(
        lambda address: address.startswith(live_server.url) and address.endswith("/"), _pages_only(plant)
    )
    context.route(
        "**/static/planted.js", lambda route: route.fulfill(body=PLANTED, content_type="text/javascript")
    )
    yield context
    context.unroute_all(behavior="wait")


def _pages_only(plant: Callable[[Route], None]) -> Callable[[Route], None]:
    def handle(route: Route) -> None:
        if route.request.resource_type == "document" and route.request.method == "GET":
            plant(route)
        else:
            route.fallback()

    return handle


@pytest.fixture
def home(page: Page, live_server: LiveServer) -> Page:
    """Open the home page."""
    page.goto(f"{live_server.url}/")
    return page
