"""Outside services: set up completely or refused, named to visitor and browser, written only where asked about."""

from typing import Any

import pytest
from cookie_consent.models import CookieGroup
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import DatabaseError
from django.http import HttpResponse
from django.test import Client, RequestFactory
from pytest_django import DjangoCaptureOnCommitCallbacks

from home import csp
from home.models import ServiceSettings, User
from home.page_cache import tokens
from home.wagtail_hooks import outside_services as contributed
from policies.facts import registry
from tests import factories
from tests.factories import cookie_policy, declare_cookies, home_page

pytestmark = pytest.mark.django_db

MATOMO = {
    "analytics": "matomo",
    "matomo_url": "https://stats.example.com/",
    "matomo_site_id": 7,
    "server_country": "Iceland",
}
PLAUSIBLE = {"analytics": "plausible", "plausible_domain": "shop.example.com"}
OWN_PLAUSIBLE = {
    **PLAUSIBLE,
    "plausible_url": "https://stats.example.com:8443/p/",
    "server_country": "Iceland",
}
GOOGLE = {"analytics": "google", "google_id": "G-ABC1234567"}
GOOGLE_ADS = {"analytics": "google", "google_id": "AW-123456789"}


def set_up(**fields: Any) -> ServiceSettings:
    """Set services up, all of them in the category "analytics" where the test names no other."""
    chosen = {"analytics_category": _category(), "embeds_category": _category()}
    return factories.outside_services(**{**chosen, **fields})


def _category(varname: str = "analytics", *, is_required: bool = False) -> CookieGroup:
    existing = CookieGroup.objects.filter(varname=varname).first()
    return existing or declare_cookies(varname, is_required=is_required)


def directives(client: Client, path: str = "/") -> dict[str, list[str]]:
    """Return the content security policy of a page, without what holds everywhere."""
    tokens.reset()  # inside a test's transaction nothing commits; that settings do it is shown below
    header = client.get(path).headers["Content-Security-Policy"]
    parts = (part.split() for part in header.split(";"))
    return {name: [source for source in sources if source.startswith("https:")] for name, *sources in parts}


# --- What is refused ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("service", [MATOMO, PLAUSIBLE, OWN_PLAUSIBLE, GOOGLE, GOOGLE_ADS, {}])
def test_a_complete_service_is_taken(service: dict[str, Any]) -> None:
    set_up(**service)
    assert ServiceSettings.current().analytics == service.get("analytics", "")


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({**MATOMO, "matomo_url": ""}, {"matomo_url"}),
        ({**MATOMO, "matomo_site_id": None}, {"matomo_site_id"}),
        ({**MATOMO, "matomo_site_id": 0}, {"matomo_site_id"}),
        ({**MATOMO, "matomo_site_id": -1}, {"matomo_site_id"}),
        ({**MATOMO, "server_country": ""}, {"server_country"}),
        ({**MATOMO, "analytics_category": None}, {"analytics_category"}),
        ({**PLAUSIBLE, "plausible_domain": ""}, {"plausible_domain"}),
        ({**PLAUSIBLE, "plausible_domain": "https://example.com"}, {"plausible_domain"}),
        ({**PLAUSIBLE, "plausible_domain": 'a.example"><script>'}, {"plausible_domain"}),
        ({**OWN_PLAUSIBLE, "server_country": ""}, {"server_country"}),
        ({**GOOGLE, "google_id": ""}, {"google_id"}),
        ({**GOOGLE, "google_id": "UA-12345-1"}, {"google_id"}),
        ({**GOOGLE, "google_id": "G-ABC1234567&x=1"}, {"google_id"}),
        ({**GOOGLE, "google_id": "G-ABC1234567\n"}, {"google_id"}),
        ({**GOOGLE, "google_id": "GTM-ABC1234"}, {"google_id"}),
        ({"analytics": "somebody"}, {"analytics"}),
        ({"allow_youtube": True, "embeds_category": None}, {"embeds_category"}),
    ],
)
def test_an_incomplete_or_invalid_one_is_refused_at_its_field(
    fields: dict[str, Any], wrong: set[str]
) -> None:
    with pytest.raises(ValidationError) as refusal:
        set_up(**fields)
    assert set(refusal.value.message_dict) == wrong
    assert not ServiceSettings.objects.exists()


@pytest.mark.parametrize(
    "url",
    [
        "http://stats.example.com/",
        "stats.example.com",
        "//stats.example.com/",
        "javascript:alert(1)",
        "https://stats.example.com/?idsite=1",
        "https://stats.example.com/#top",
        "https://user:password@stats.example.com/",
        "https://stats.example.com; script-src *",
        "https://stats.example.com, https://example.org",
        "https://*.example.com/",
        "https://stats.example.com/matomo.php",
        "https://stats.example.com/\n",
        "https://[::1",
        "https://localhost/",
        "https://stäts.example.com/",
        "https://stats.example.com:99999999/",
    ],
)
@pytest.mark.parametrize("name", ["matomo_url", "plausible_url"])
def test_the_url_of_a_server_is_a_plain_one_or_refused(name: str, url: str) -> None:
    service = MATOMO if name == "matomo_url" else OWN_PLAUSIBLE
    if url.endswith("\n"):  # at the end of a field it means nothing
        assert getattr(set_up(**{**service, name: url}), name) == "https://stats.example.com/"
        return
    with pytest.raises(ValidationError) as refusal:
        set_up(**{**service, name: url})
    assert set(refusal.value.message_dict) == {name}


def test_a_url_gets_its_slash_and_small_letters() -> None:
    services = set_up(**{**MATOMO, "matomo_url": "https://Stats.Example.com/Matomo"})
    assert services.matomo_url == "https://stats.example.com/Matomo/"


@pytest.mark.parametrize("name", ["analytics_category", "embeds_category"])
def test_a_category_that_is_always_on_is_refused(name: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        set_up(**{**MATOMO, "allow_vimeo": True, name: _category("needed", is_required=True)})
    assert set(refusal.value.message_dict) == {name}


# --- Who receives data -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("service", "name", "sources"),
    [
        (
            MATOMO,
            "Matomo on stats.example.com",
            {
                "script-src": ["https://stats.example.com"],
                "connect-src": ["https://stats.example.com"],
                "img-src": ["https://stats.example.com"],
            },
        ),
        (
            PLAUSIBLE,
            "Plausible",
            {"script-src": ["https://plausible.io"], "connect-src": ["https://plausible.io"]},
        ),
        (
            OWN_PLAUSIBLE,
            "Plausible on stats.example.com",
            {
                "script-src": ["https://stats.example.com:8443"],
                "connect-src": ["https://stats.example.com:8443"],
            },
        ),
        (
            GOOGLE,
            "Google Analytics",
            {
                "script-src": ["https://www.googletagmanager.com"],
                "connect-src": [
                    "https://*.google-analytics.com",
                    "https://*.analytics.google.com",
                    "https://www.googletagmanager.com",
                ],
                "img-src": ["https://*.google-analytics.com", "https://www.googletagmanager.com"],
            },
        ),
        ({"allow_youtube": True}, "YouTube", {"frame-src": ["https://www.youtube-nocookie.com"]}),
        ({"allow_vimeo": True}, "Vimeo", {"frame-src": ["https://player.vimeo.com"]}),
        ({"allow_openstreetmap": True}, "OpenStreetMap", {"frame-src": ["https://www.openstreetmap.org"]}),
    ],
)
def test_a_service_switched_on_enters_the_csp_and_the_recipients_fact(
    client: Client, service: dict[str, Any], name: str, sources: dict[str, list[str]]
) -> None:
    before = directives(client)
    set_up(**service)
    after = directives(client)
    assert {directive: after[directive] for directive in after if after[directive] != before[directive]} == {
        directive: before[directive] + allowed for directive, allowed in sources.items()
    }
    recipient = next(entry for entry in registry.collect("recipients") if entry["name"] == name)
    assert recipient["purpose"]
    assert recipient["country"]


@pytest.mark.both_databases
def test_advertisements_get_their_own_sources(client: Client) -> None:
    set_up(**GOOGLE_ADS)
    assert "https://googleads.g.doubleclick.net" in directives(client)["script-src"]
    set_up(**GOOGLE)
    assert "doubleclick" not in str(directives(client))


def test_services_are_off_until_the_owner_sets_them_up(client: Client) -> None:
    assert contributed() == []
    client.get("/")
    assert not ServiceSettings.objects.exists()  # reading a page writes nothing


@pytest.mark.both_databases
def test_a_service_that_is_switched_off_goes_from_policy_and_fact(client: Client) -> None:
    set_up(**MATOMO, allow_vimeo=True)
    set_up(analytics="", allow_vimeo=False)
    assert "example.com" not in str(directives(client))
    assert "vimeo" not in str(directives(client))
    assert contributed() == []


def test_analytics_without_a_category_never_runs_and_so_receives_nothing() -> None:
    set_up(**MATOMO)
    _category().delete()
    assert contributed() == []


@pytest.mark.both_databases
def test_matomo_without_a_site_id_never_runs_however_the_row_came_about() -> None:
    set_up(**MATOMO)
    ServiceSettings.objects.update(matomo_site_id=None)
    assert contributed() == []


@pytest.mark.both_databases
def test_a_page_can_say_that_the_database_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    def down() -> None:
        raise DatabaseError

    request, page = RequestFactory().get("/"), HttpResponse("The database is down.")
    middleware = csp.ContentSecurityPolicyMiddleware(lambda _request: page)
    set_up(allow_openstreetmap=True, embeds_category=_category("media"))
    with monkeypatch.context() as patch:
        patch.setattr(ServiceSettings, "current", down)
        assert middleware.get_policy_parts(request, page).update is None
    assert "frame-src" in middleware.get_policy_parts(request, page).update  # nothing of it was kept


# --- The script in the page --------------------------------------------------------------------------------
def script(client: Client, path: str = "/") -> str:
    """Return the line of the page that holds an optional script."""
    tokens.reset()
    lines = client.get(path).content.decode().splitlines()
    return next((line.strip() for line in lines if "data-consent-category" in line), "")


def test_analytics_is_written_inert_with_what_it_needs(client: Client) -> None:
    set_up(**MATOMO)
    cookie_policy()
    assert script(client) == (
        '<script type="text/plain" data-consent-category="analytics" data-src="/static/js/analytics/matomo.js"'
        ' data-url="https://stats.example.com/" data-site="7"></script>'
    )
    for service, written in (
        (PLAUSIBLE, 'data-src="https://plausible.io/js/script.js" data-domain="shop.example.com"'),
        (OWN_PLAUSIBLE, 'data-src="https://stats.example.com:8443/p/js/script.js"'),
        (GOOGLE, 'data-src="/static/js/analytics/google.js" data-id="G-ABC1234567"'),
    ):
        set_up(**service)
        assert script(client) == ""  # agreed was to another service, whatever its category
        cookie_policy()
        assert written in script(client)


def test_analytics_is_not_written_before_the_notice_asks_about_its_category(client: Client) -> None:
    set_up(**MATOMO)
    assert script(client) == ""
    declare_cookies("media")
    cookie_policy()
    assert script(client)
    set_up(analytics_category=declare_cookies("later"))  # declared, but no version asks about it yet
    assert script(client) == ""
    cookie_policy(notice_text="Now it does.")
    assert 'data-consent-category="later"' in script(client)


@pytest.mark.parametrize("fields", [{}, {"analytics": "", "allow_youtube": True}])
def test_without_analytics_nothing_is_written(client: Client, fields: dict[str, Any]) -> None:
    set_up(**fields)
    cookie_policy()
    assert script(client) == ""


def test_a_category_that_became_necessary_or_was_deleted_starts_nothing(client: Client) -> None:
    set_up(**MATOMO)
    declare_cookies("media")
    cookie_policy()
    assert script(client)
    category = _category()
    category.is_required = True
    category.save()
    cookie_policy(notice_text="It is always on now.")
    assert script(client) == ""
    category.delete()
    assert client.get("/").status_code == 200
    assert script(client) == ""


def test_changed_service_settings_show_at_the_next_request(
    client: Client, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    declare_cookies()
    cookie_policy()
    assert b"stats.example.com" not in client.get("/").content
    with django_capture_on_commit_callbacks(execute=True):
        set_up(**MATOMO)
        cookie_policy()
    response = client.get("/")
    assert b"stats.example.com" in response.content
    assert "stats.example.com" in response.headers["Content-Security-Policy"]


def test_only_pages_of_the_site_map_are_counted(client: Client) -> None:
    """URLs of orders and accounts are secrets that nobody else may learn."""
    set_up(**MATOMO)
    cookie_policy()
    assert script(client, "/")
    for path in ("/cookies/", "/cookie-policy/", "/no-such-page/"):
        assert script(client, path) == "", path


def test_the_page_is_the_same_whatever_the_visitor_chose(client: Client) -> None:
    set_up(**MATOMO)
    cookie_policy()
    plain = client.get("/").content
    chosen = Client(headers={"accept": "application/json"})
    number = "1"
    answer = chosen.post(
        "/cookies/", {"notice": number, "choice": "all"}, headers={"sec-fetch-site": "same-origin"}
    )
    assert answer.json()["ok"]
    assert chosen.get("/").content == plain


# --- The screen --------------------------------------------------------------------------------------------
@pytest.fixture
def url() -> str:
    return f"/admin/settings/home/servicesettings/{home_page().get_site().pk}/"


@pytest.mark.both_databases
@pytest.mark.also_without_shop
def test_the_owner_sets_services_up_and_is_told_what_is_missing(owner: Client, url: str) -> None:
    form = owner.get(url).context["form"]
    assert form.fields["embeds_category"].queryset.count() == 0
    answer = owner.post(url, {"analytics": "matomo", "matomo_url": "https://stats.example.com/?x"})
    html = answer.content.decode()
    assert answer.status_code == 200
    for words in ("starts with https://", "Matomo needs this.", "Choose the category"):
        assert words in html
    assert ServiceSettings.current().analytics == ""
    answer = owner.post(url, {**MATOMO, "analytics_category": _category().pk})
    assert answer.status_code == 302
    assert ServiceSettings.current().matomo_site_id == 7


def test_a_category_that_is_always_on_is_not_even_offered(owner: Client, url: str) -> None:
    _category("needed", is_required=True)
    offered = _category()
    assert list(owner.get(url).context["form"].fields["analytics_category"].queryset) == [offered]


def test_editors_do_not_decide_whose_code_runs_on_every_page(client: Client, url: str) -> None:
    editor = User.objects.create_user("editor@example.com", "only for this test")
    editor.groups.add(Group.objects.get(name="Editors"))
    client.force_login(editor)
    assert client.get(url).status_code == 302
    assert "servicesettings" not in client.get("/admin/").content.decode()
