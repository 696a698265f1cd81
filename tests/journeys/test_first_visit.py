"""A first visit on a phone: few requests, few bytes, and the text of a policy before anything else."""

import re
from io import BytesIO

import brotli
import pytest
from django.core.files.base import ContentFile
from PIL import Image
from playwright.sync_api import Browser, Page, Request, Route, expect
from pytest_django.live_server_helper import LiveServer

from home.models import SiteImage
from store.models import ProductImage
from tests.factories import policy, product, version

PHONE = {"width": 390, "height": 844}
# Requests and bytes: bodies, compressed as production does, and headers.
MOST = {
    "/privacy-policy/": (4, 20_000),
    "/shop/enamel-mug/": (6, 55_000),
}


def weight(request: Request) -> int:
    """Return the bytes of a response; static files have their compressed copies in production only."""
    response = request.response()
    assert response is not None
    sizes = request.sizes()
    body = sizes["responseBodySize"]
    if "/static/" in request.url:
        body = min(body, len(brotli.compress(response.body())))
    return sizes["responseHeadersSize"] + body


def test_a_first_visit_is_light(browser: Browser, live_server: LiveServer, demo: None) -> None:
    found = {}
    for path in MOST:
        context = browser.new_context(viewport=PHONE)
        page = context.new_page()
        requests: list[Request] = []
        page.on("requestfinished", lambda request, seen=requests: seen.append(request))
        page.goto(f"{live_server.url}{path}")
        page.mouse.wheel(0, 20_000)  # lazy pictures too
        page.wait_for_load_state("networkidle")
        found[path] = len(requests), sum(map(weight, requests))
        context.close()
    assert {path: figures for path, figures in found.items() if not _is_within(figures, MOST[path])} == {}


def _is_within(figures: tuple[int, int], most: tuple[int, int]) -> bool:
    return all(figure <= limit for figure, limit in zip(figures, most, strict=True))


@pytest.mark.parametrize("width", [390, 1280])
def test_a_policy_can_be_read_before_its_script_has_come(
    page: Page, live_server: LiveServer, width: int
) -> None:
    version(policy(), html="<p>Be kind to each other.</p>")
    late: list[Route] = []

    def hold(route: Route) -> None:
        late.append(route)

    page.route("**/bundles/*.js", hold)
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(f"{live_server.url}/house-rules/", wait_until="commit")
    text = page.get_by_text("Be kind to each other.")
    expect(text).to_be_in_viewport()
    painted = "performance.getEntriesByName('first-contentful-paint').length"
    for _ in range(500):  # wait_for_function may have to `eval`, which the security policy forbids
        if page.evaluate(painted):
            break
        page.wait_for_timeout(20)
    assert page.evaluate(painted)
    assert len(late) == 1
    assert page.evaluate("[...document.fonts].length") == 0  # nothing that the text could wait for
    place = text.bounding_box()
    late[0].continue_()
    page.wait_for_load_state("networkidle")
    assert text.bounding_box() == place


# Wagtail leaves the temporary file open in which it makes the small copy.
@pytest.mark.filterwarnings("ignore:.*SpooledTemporaryFile:pytest.PytestUnraisableExceptionWarning")
def test_a_phone_is_sent_pictures_of_its_own_width(browser: Browser, live_server: LiveServer) -> None:
    page = product().page
    for number in (1, 2):
        file = BytesIO()
        Image.new("RGB", (1200, 1200), "teal").save(file, "JPEG")
        image = SiteImage.objects.create(title="Mug", file=ContentFile(file.getvalue(), f"mug-{number}.jpg"))
        page.images.add(ProductImage(image=image, sort_order=number))
    page.save_revision().publish()
    for dots, widths in ((1, ["360", "192"]), (2, ["720", "192"]), (3, ["1080", "360"])):
        context = browser.new_context(viewport=PHONE, device_scale_factor=dots)
        visitor = context.new_page()
        visitor.goto(f"{live_server.url}{page.url}", wait_until="networkidle")
        pictures = visitor.locator(".product__pictures img").all()
        sources = [picture.evaluate("picture => picture.currentSrc") for picture in pictures]
        assert [re.findall(r"width-(\d+)\.(?:format-)?avif", source) for source in sources] == [
            [w] for w in widths
        ]
        context.close()
