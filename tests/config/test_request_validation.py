"""Requests that no browser sends: refused as what they are, and never a 500."""

import io
from urllib.parse import urlencode

import pytest
from django.core.signals import request_started
from django.db import close_old_connections
from django.test import Client
from wagtail.models import Site

from config.wsgi import application
from home.models import User
from home.page_cache import tokens
from tests.wsgi_client import ask

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases, pytest.mark.also_without_shop]

STRANGE = (
    "hex rot13 base64 zlib bz2 punycode undefined idna unicode_escape utf-7 utf-16 latin-1 nonsense".split()
)
KINDS = ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"]


def answer(content_type: str, path: str = "/", query: str = "a=b", body: bytes = b"") -> str:
    """Ask the WSGI application itself, as a server does, and return the status; with a body it is a POST.

    Django's test client would fail before anything of ours is asked.
    """
    environ = {
        "REQUEST_METHOD": "POST" if body else "GET",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "testserver",
        "SERVER_PORT": "80",
        "HTTP_SEC_FETCH_SITE": "same-origin",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "CONTENT_TYPE": content_type,
        "CONTENT_LENGTH": str(len(body)),
    }
    statuses = []
    # As the test client does: the start of a request must not close the connection that holds the test's transaction.
    request_started.disconnect(close_old_connections)
    try:
        application(environ, lambda status, _headers: statuses.append(status))
    finally:
        request_started.connect(close_old_connections)
    return statuses[0]


@pytest.mark.parametrize("charset", STRANGE)
@pytest.mark.parametrize("kind", KINDS)
def test_a_charset_but_utf_8_is_refused(kind: str, charset: str) -> None:
    content_type = f"{kind}; charset={charset}"
    for path in ("/", "/nothing/", "/admin/login/"):
        assert answer(content_type, path, "a=%80b") == "400 Bad Request"
    for path in ("/", "/cookies/", "/admin/login/"):
        assert answer(content_type, path, query="", body=b"a=%80b") == "400 Bad Request"


def test_the_page_cache_answers_whatever_the_charset(client: Client) -> None:
    client.get("/")  # makes the rows of the settings
    tokens.reset()
    ask(application, "/")
    assert ask(application, "/", content_type="text/plain; charset=hex").status == "200 OK"


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", '"utf-8"', "utf8", "us-ascii"])
def test_charsets_that_browsers_send_are_taken(charset: str) -> None:
    assert answer(f"application/x-www-form-urlencoded; charset={charset}") == "200 OK"


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", '"utf-8"'])
def test_a_form_in_utf_8_is_read(client: Client, charset: str) -> None:
    content_type = f"application/x-www-form-urlencoded; charset={charset}"
    body = urlencode({"username": "a@example.com", "password": "é"})
    assert client.post("/admin/login/", body, content_type=content_type).status_code == 200


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain; charset*=nonsense''utf-8",
        "text/plain; name*=undefined''%ff",
        "text/plain; name*=idna''%ff",
        "multipart/form-data; boundary*=punycode''%ff",
        "text/plain; charset=hex",
    ],
)
def test_a_content_type_that_cannot_be_read_is_refused(content_type: str) -> None:
    assert answer(content_type) == "400 Bad Request"


@pytest.mark.parametrize("content_type", ["", "text/plain", "text/plain; name*=utf-8''%C3%A9"])
def test_a_content_type_that_can_be_read_is_no_reason_to_refuse(content_type: str) -> None:
    assert answer(content_type) == "200 OK"


def test_a_query_with_too_many_parts_is_refused() -> None:
    for content_type in ("text/plain", "text/plain; charset=utf-8"):
        assert answer(content_type, "/admin/login/", query="a&" * 20_000) == "400 Bad Request"


@pytest.mark.parametrize("query", ["a=%00", "%00=a", "a=b%00c&d=e"])
def test_a_nul_in_the_query_is_refused(client: Client, query: str) -> None:
    for path in ("/", "/nothing/", "/admin/login/"):
        assert client.get(f"{path}?{query}").status_code == 400


def test_a_percent_sign_before_two_zeros_is_no_nul(client: Client) -> None:
    assert client.get("/?a=100%2500").status_code == 200


@pytest.mark.parametrize("path", ["/cookies/", "/contact/", "/nothing/", "/admin/login/"])
def test_a_large_file_is_refused_unread_where_none_is_taken(path: str) -> None:
    for size, refused in ((500_000, False), (600_000, True)):
        part = b'--x\r\nContent-Disposition: form-data; name="a"; filename="a"\r\n\r\n' + b"a" * size
        body = io.BytesIO(part + b"\r\n--x--\r\n")
        environ = {"CONTENT_TYPE": KINDS[1], "CONTENT_LENGTH": len(body.getvalue()), "wsgi.input": body}
        response = Client().generic("POST", path, **environ)
        assert (b"No files are taken here." in response.content) is refused
        assert not refused or (response.status_code, body.tell()) == (413, 0)


@pytest.fixture
def staff(client: Client) -> Client:
    """Sign in as an administrator."""
    client.force_login(User.objects.create_superuser("owner@example.com", "a-long-password"))
    return client


@pytest.mark.parametrize(
    "path",
    [
        "bulk/wagtailcore/page/delete/?id={}",
        "api/main/pages/?offset={}",
        "pages/?p={}",
        "messages/delete/?selected={}",
        "choose-page/?page_type=wagtailcore.page&match_subclass=1&p={}",
    ],
)
@pytest.mark.parametrize("number", [str(2**63), str(-(2**63) - 1), "9" * 30, "9" * 5000])
@pytest.mark.every_case
def test_staff_meet_no_error_with_numbers_that_no_database_holds(
    staff: Client, path: str, number: str
) -> None:
    assert staff.get(f"/admin/{path.format(number)}").status_code == 400


@pytest.mark.parametrize("path", ["api/main/pages/?search=%00", "tag-autocomplete/?term=%00", "pages/?q=%00"])
def test_staff_meet_no_error_with_a_nul(staff: Client, path: str) -> None:
    assert staff.get(f"/admin/{path}").status_code == 400


def test_staff_search_for_what_they_like(staff: Client) -> None:
    for word in (str(2**63 - 1), "4006381333931", "kettle 99999999999999999999", "²"):
        assert staff.get("/admin/pages/search/", {"q": word}).status_code == 200


@pytest.mark.parametrize("name", ["x" * 256, "é" * 200, "x/" * 2500, "a" * 300 + "/b.png"])
def test_a_picture_with_an_impossible_name_is_not_found(client: Client, name: str) -> None:
    assert client.get(f"/media/{name}").status_code == 404


def test_without_a_site_there_is_no_site_map(client: Client) -> None:
    Site.objects.all().delete()
    assert client.get("/sitemap.xml").status_code == 404
