"""The content security policy: strict in public, looser only under the admin, extended by providers in use."""

import pytest
from django.test import Client
from wagtail import hooks

from home import csp

pytestmark = [pytest.mark.django_db, pytest.mark.also_without_shop]


def _directives(client: Client, path: str) -> dict[str, str]:
    header = client.get(path).headers["Content-Security-Policy"]
    return dict(part.strip().partition(" ")[::2] for part in header.split(";"))


@pytest.mark.parametrize("path", ["/", "/no-such-page/", "/cookies/"])
def test_public_pages_allow_no_inline_code_and_nobody_but_providers(
    client: Client, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csp, "providers_in_use", list)
    directives = _directives(client, path)
    assert directives["default-src"] == "'none'"
    assert directives["script-src"] == "'self'"
    assert directives["style-src"] == "'self'"
    assert directives["frame-ancestors"] == "'self'"
    assert directives["form-action"] == "'self'"


def test_only_the_admin_may_use_inline_code(client: Client) -> None:
    assert "'unsafe-inline'" in _directives(client, "/admin/login/")["script-src"]


def test_a_provider_in_use_is_allowed_and_listed(client: Client) -> None:
    analytics = csp.Provider(
        "stats", "Analytics", "Counts visits", sources={"script-src": ("https://stats.example.com",)}
    )
    before = csp.providers_in_use()
    with hooks.register_temporarily("register_service_providers", lambda: [analytics]):
        assert _directives(client, "/")["script-src"] == "'self' https://stats.example.com"
        assert [provider for provider in csp.providers_in_use() if provider not in before] == [analytics]
        assert "stats.example.com" not in _directives(client, "/admin/login/")["script-src"]
