"""The log: what fails is told there, without the secrets that let one in to an order."""

import logging
from operator import attrgetter

import pytest
from django.test import Client
from django.urls import URLPattern, reverse

from store.models import Basket, Order
from store.payments import fulfilment
from store.urls import urlpatterns
from tests import factories
from tools.stripe_sandbox.server import Sandbox

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("way", ["return", "cancel"])
def test_a_way_back_that_fails_is_logged_without_its_secret(
    sandbox: Sandbox,
    basket: Basket,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    way: str,
) -> None:
    order = factories.awaiting_order(basket)
    monkeypatch.setattr(fulfilment, "settle", None)
    if way == "cancel":
        monkeypatch.setattr(Order, "refresh_from_db", None)
    client = Client(raise_request_exception=False)
    ask = client.post if way == "cancel" else client.get
    response = ask(f"/checkout/{way}/{order.return_token}/?session_id={order.session_id}")
    assert response.status_code == 500
    assert f"Internal Server Error: /checkout/{way}/…/" in caplog.text
    assert order.return_token not in caplog.text


@pytest.mark.parametrize(
    ("line", "written"),
    [
        ("GET /orders/SECRET/ HTTP/1.1", "GET /orders/…/ HTTP/1.1"),
        ("GET /orders/SECRET/proof.json HTTP/1.1", "GET /orders/…/proof.json HTTP/1.1"),
        ("GET /checkout/return/SECRET/?session_id=cs_SECRET HTTP/1.1", "GET /checkout/return/… HTTP/1.1"),
        ("GET /basket/?a=b HTTP/1.1", "GET /basket/?a=b HTTP/1.1"),
    ],
)
@pytest.mark.parametrize("logger", ["django.server", "django.request"])
def test_a_logged_request_line_names_no_secret(
    logger: str, line: str, written: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    logging.getLogger(logger).warning('"%s" %s', line, 200)
    assert set(caplog.messages) == {f'"{written}" 200'}


@pytest.mark.parametrize(
    "route", [url for url in urlpatterns if url.pattern.converters], ids=attrgetter("name")
)
def test_each_url_with_a_parameter_is_logged_without_it(
    route: URLPattern, caplog: pytest.LogCaptureFixture
) -> None:
    others = dict.fromkeys(route.pattern.converters.keys() - {"token"}, "1")
    url = reverse(f"store:{route.name}", kwargs={"token": "SECRET", **others})
    logging.getLogger("django.request").warning("Not Found: %s", f"{url}?session_id=SECRET")
    assert "SECRET" not in caplog.text
    assert f"{url.partition('SECRET')[0]}…" in caplog.text


@pytest.mark.parametrize(
    "path", ["/orders//{}/", "/orders/%20{}/", "/orders/'{}/", "/orders/found/{}/", "/de/orders/{}/"]
)
def test_a_url_that_is_none_of_ours_is_logged_without_its_secret(
    path: str, caplog: pytest.LogCaptureFixture, basket: Basket
) -> None:
    order = factories.placed_order(basket)
    assert Client().get(f"/orders{path.format(order.token)}").status_code == 404
    assert "Not Found" in caplog.text
    assert order.token not in caplog.text


def test_a_request_from_another_site_is_logged_without_its_secret(caplog: pytest.LogCaptureFixture) -> None:
    token = "x" * 43
    response = Client(enforce_csrf_checks=True).post(
        f"/orders/find/{token}/", headers={"origin": "https://evil.example"}
    )
    assert response.status_code == 403
    assert "Forbidden" in caplog.text
    assert token not in caplog.text
