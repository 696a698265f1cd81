"""Forged POSTs: public pages are guarded by the origin, the admin by tokens."""

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from home.csrf import OriginOrTokenCsrfMiddleware, comes_from_our_origin

factory = RequestFactory()


def _check(request: HttpRequest) -> HttpResponse | None:
    middleware = OriginOrTokenCsrfMiddleware(lambda _request: HttpResponse())
    middleware.process_request(request)
    return middleware.process_view(request, lambda _request: HttpResponse(), (), {})


@pytest.mark.parametrize(
    ("headers", "ours"),
    [
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "same-site"}, False),
        ({"sec-fetch-site": "cross-site"}, False),
        ({"sec-fetch-site": "none"}, False),
        ({"sec-fetch-site": "cross-site", "origin": "http://testserver"}, False),
        ({"origin": "http://testserver"}, True),
        ({"origin": "https://testserver"}, False),
        ({"origin": "http://testserver.evil.example"}, False),
        ({"origin": "null"}, False),
        ({}, False),
    ],
)
def test_only_our_own_pages_count_as_our_origin(headers: dict[str, str], ours: bool) -> None:
    assert comes_from_our_origin(factory.post("/contact/", headers=headers)) is ours


def test_a_post_from_our_own_page_passes_without_a_token() -> None:
    assert _check(factory.post("/contact/", headers={"sec-fetch-site": "same-origin"})) is None


def test_a_post_from_another_site_is_refused_with_403() -> None:
    response = _check(factory.post("/contact/", headers={"sec-fetch-site": "cross-site"}))
    assert response is not None
    assert response.status_code == 403


def test_our_origin_is_not_enough_in_the_admin() -> None:
    response = _check(factory.post("/admin/login/", headers={"sec-fetch-site": "same-origin"}))
    assert response is not None
    assert response.status_code == 403


@pytest.mark.django_db
def test_a_real_post_from_another_site_changes_nothing_and_answers_403() -> None:
    client = Client(enforce_csrf_checks=True)
    response = client.post("/cookies/", {"choice": "all"}, headers={"sec-fetch-site": "cross-site"})
    assert response.status_code == 403
    assert not response.cookies
