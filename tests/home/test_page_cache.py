"""The page cache: the same bytes for everyone, right at the request after a change, never a visitor's own answer.

The requests go through `config.wsgi.application`, as those of a server do; Django's test client would not meet the
layer. Two servers with two workers each: tests/config/test_page_cache_served.py.
"""

import gzip
import json
from datetime import UTC, datetime, timedelta

import brotli
import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks
from wagtail import hooks
from wagtail.models import PageViewRestriction

from config.wsgi import application
from home.models import BrandSettings, ContentPage, HomePage, User
from home.page_cache import middleware, tokens
from home.page_cache.pages import Pages
from tests.wsgi_client import Answer, ask

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


def get(url: str, **options: str) -> Answer:
    """Ask for a page and look at what no answer may carry."""
    answer = ask(application, url, **options)
    assert middleware.MARK not in answer.headers
    return answer


@pytest.fixture(autouse=True)
def _empty_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test know the parameters that pages of another one read."""
    monkeypatch.setattr(application, "pages", Pages(settings.PAGE_CACHE_BYTES))


@pytest.fixture
def about() -> ContentPage:
    """Publish a content page at /about/."""
    home = HomePage.objects.get()
    page = ContentPage(title="About", slug="about", intro="First words")
    home.add_child(instance=page)
    get("/")  # makes the rows of the settings
    tokens.reset()  # what a test changes never commits, so that nothing would be kept
    return page


def change_unseen(page: ContentPage) -> None:
    """Change a page so that nothing is told of it: who then shows the old words shows what was kept."""
    ContentPage.objects.filter(pk=page.pk).update(intro="Changed behind the cache")


def is_kept(url: str, page: ContentPage, **options: str) -> bool:
    get(url, **options)
    change_unseen(page)
    return b"Changed behind the cache" not in get(url, **options).body


# --- What is kept ------------------------------------------------------------------------------------------
def test_the_second_request_is_answered_without_a_query(about: ContentPage) -> None:
    first = get("/about/")
    with CaptureQueriesContext(connection) as queries:
        second = get("/about/")
    assert len(queries) == 0
    assert second.body == first.body
    assert b"First words" in second.body


def test_hits_are_counted_and_logged(about: ContentPage, caplog: pytest.LogCaptureFixture) -> None:
    get("/about/")
    before = application.hits, application.misses
    with caplog.at_level("INFO", logger="home.page_cache"):
        get("/about/")
    assert (application.hits, application.misses) == (before[0] + 1, before[1])
    assert "From the page cache: GET '/about/'" in caplog.text


def test_a_cached_page_carries_the_security_headers(about: ContentPage) -> None:
    get("/about/")
    headers = get("/about/").headers
    assert "script-src 'self'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"


def test_an_unknown_query_string_is_answered_from_the_cache(about: ContentPage) -> None:
    get("/about/")
    change_unseen(about)
    for query in ("utm_source=x", "gclid=1&fbclid=2", "page=2", "&&&", "=", "%ff", "a" * 5_000, "%00"):
        assert b"First words" in get(f"/about/?{query}").body


def test_whoever_answered_the_consent_bar_is_answered_from_the_cache(about: ContentPage) -> None:
    get("/about/")
    change_unseen(about)
    cookies = ("consent=1.abc.2.analytics", "basket=x; basket_count=3", "a=b; c", "=;;,")
    assert all(b"First words" in get("/about/", cookie=cookie).body for cookie in cookies)


def test_the_path_is_what_counts_however_it_is_written(about: ContentPage) -> None:
    get("/about/")
    change_unseen(about)
    assert b"First words" in get("/%61bout/").body


# --- Right again after a change ------------------------------------------------------------------------------
def test_a_publication_shows_at_the_next_request(
    about: ContentPage, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    get("/about/")
    about.intro = "Second words"
    with django_capture_on_commit_callbacks(execute=True):
        about.save_revision().publish()
    assert b"Second words" in get("/about/").body


def test_unpublishing_shows_at_the_next_request(
    about: ContentPage, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    get("/about/")
    with django_capture_on_commit_callbacks(execute=True):
        about.unpublish()
    assert get("/about/").status == "404 Not Found"


def test_a_page_made_private_is_private_at_the_next_request(
    about: ContentPage, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    get("/about/")
    with django_capture_on_commit_callbacks(execute=True):
        PageViewRestriction.objects.create(page=about, restriction_type=PageViewRestriction.LOGIN)
    assert get("/about/").status == "302 Found"


def test_changed_brand_settings_show_at_the_next_request(
    about: ContentPage, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    get("/about/")
    brand = BrandSettings.for_site(about.get_site())
    brand.name = "Another Name"
    with django_capture_on_commit_callbacks(execute=True):
        brand.save()
    assert b"Another Name" in get("/about/").body


def test_a_page_rendered_while_another_is_published_is_not_kept(
    about: ContentPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The race: the change commits after the page was rendered and before it is stored."""
    original = ContentPage.serve

    def publish_meanwhile(self: ContentPage, request: object, *args: object, **kwargs: object) -> object:
        response = original(self, request, *args, **kwargs).render()
        ContentPage.objects.filter(pk=self.pk).update(intro="Second words")
        tokens.reset()
        return response

    with monkeypatch.context() as patch:
        patch.setattr(ContentPage, "serve", publish_meanwhile)
        assert b"First words" in get("/about/").body
    assert b"Second words" in get("/about/").body


def test_a_page_rendered_before_the_commit_is_not_kept(about: ContentPage) -> None:
    """The race: the change is made and not committed, and the page still shows what was before."""
    tokens.changed("site")  # the transaction of the test is that of the change
    get("/about/")
    change_unseen(about)
    assert b"Changed behind the cache" in get("/about/").body


# --- What is never kept --------------------------------------------------------------------------------------
def test_somebody_signed_in_is_not_answered_from_the_cache(about: ContentPage) -> None:
    get("/about/")
    change_unseen(about)
    session = f"a=b; {settings.SESSION_COOKIE_NAME}=abc"
    assert b"Changed behind the cache" in get("/about/", cookie=session).body


def test_a_page_shown_to_a_signed_in_user_is_not_cached(client: Client, about: ContentPage) -> None:
    client.force_login(User.objects.create_superuser("owner@example.com", "a-long-password"))
    session = f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"
    assert b"wagtail-userbar" in get("/about/", cookie=session).body
    assert b"wagtail-userbar" not in get("/about/").body


def test_a_404_is_not_kept() -> None:
    assert get("/later/").status == "404 Not Found"
    HomePage.objects.get().add_child(instance=ContentPage(title="Later", slug="later"))
    assert get("/later/").status == "200 OK"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "NONSENSE"])
def test_other_methods_pass_by(about: ContentPage, method: str) -> None:
    get("/about/")
    hits = application.hits
    get("/about/", method=method)
    assert application.hits == hits


@pytest.fixture
def changing_answers(monkeypatch: pytest.MonkeyPatch) -> list:
    """Let a test change what the page answers."""
    original, changes = ContentPage.serve, []

    def serve(self: ContentPage, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        response = original(self, request, *args, **kwargs)
        for change in changes:
            change(response, request)
        return response

    monkeypatch.setattr(ContentPage, "serve", serve)
    return changes


@pytest.mark.parametrize(
    "change",
    [
        lambda response, request: response.set_cookie("a", "b"),
        lambda response, request: response.headers.__setitem__("Cache-Control", "no-store"),
        lambda response, request: response.headers.__setitem__("Cache-Control", "max-age=3, private"),
        lambda response, request: response.headers.__setitem__("Vary", "Cookie"),
        lambda response, request: response.headers.__setitem__("Vary", "Accept-Encoding, User-Agent"),
        lambda response, request: response.headers.__setitem__("Vary", "*"),
        lambda response, request: response.headers.__setitem__("Content-Encoding", "x"),
        lambda response, request: setattr(response, "status_code", 203),
        lambda response, request: setattr(request, "is_preview", True),
        lambda response, request: setattr(request, "encoding", "latin-1"),  # reads the query anew
    ],
    ids=[
        "cookie",
        "no-store",
        "private",
        "cookies",
        "agents",
        "all",
        "encoded",
        "203",
        "preview",
        "encoding",
    ],
)
def test_an_answer_that_is_not_for_everybody_is_not_kept(
    about: ContentPage, changing_answers: list, change: object
) -> None:
    changing_answers.append(change)
    assert not is_kept("/about/", about)


def test_the_page_of_those_tests_is_kept_when_nobody_changes_the_answer(
    about: ContentPage, changing_answers: list
) -> None:
    assert is_kept("/about/", about)


# --- The parameters that a page reads ------------------------------------------------------------------------
def _read(*names: str) -> object:
    def read(response: HttpResponse, request: HttpRequest) -> None:
        response.context_data["page"].intro = " ".join(str(request.GET.getlist(name)) for name in names)

    return read


def test_a_page_is_kept_for_each_value_of_what_it_reads_and_only_that(
    about: ContentPage, changing_answers: list
) -> None:
    changing_answers.append(_read("colour"))
    for query, shown in (
        ("", b"[]"),
        ("?colour=red", b"red"),
        ("?colour=", b"[&#x27;&#x27;]"),
        ("?colour=red&colour=blue", b"blue"),
        ("?Colour=green", b"[]"),
        ("?x=1&colour=blue", b"blue"),
    ):
        assert shown in get(f"/about/{query}").body, query
        hits = application.hits
        assert shown in get(f"/about/{query}").body, query
        assert application.hits == hits + 1, query
    hits = application.hits
    assert b"red" in get("/about/?utm=2&colour=red&size=9").body
    assert application.hits == hits + 1


def test_a_parameter_that_only_some_renderings_read_counts_for_all(
    about: ContentPage, changing_answers: list
) -> None:
    def read(response: HttpResponse, request: HttpRequest) -> None:
        more = request.GET.get("more") and request.GET.get("which", "none")
        response.context_data["page"].intro = f"<{more}>"

    changing_answers.append(read)
    for query, shown in (
        ("?which=a", b"None"),
        ("?more=1&which=a", b"a"),
        ("?more=1&which=b", b"b"),
        ("?more=1", b"none"),
        ("?which=b", b"None"),
    ):
        for _ in range(2):
            assert b"&lt;" + shown + b"&gt;" in get(f"/about/{query}").body, query


@pytest.mark.parametrize(
    "read",
    [
        list,
        len,
        bool,
        dict,
        lambda query: query.copy(),
        lambda query: query.dict(),
        lambda query: query.urlencode(),
        lambda query: [*query.items()],
        lambda query: [*query.keys()],
        lambda query: [*query.values()],
        lambda query: [*query.lists()],
        lambda query: {**query},
        lambda query: query == {},
        str,
        lambda query: json.dumps(query.dict()),
    ],
)
def test_a_page_that_reads_the_whole_query_is_kept_without_one_only(
    about: ContentPage, changing_answers: list, read: object
) -> None:
    changing_answers.append(lambda response, request: read(request.GET))
    assert not is_kept("/about/?a=1", about)
    ContentPage.objects.update(intro="First words")
    assert is_kept("/about/", about)
    assert b"First words" not in get("/about/?a=1").body


# --- Encodings, conditions, HEAD, ranges ----------------------------------------------------------------------
DECODE = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("br", "br"),
        ("gzip", "gzip"),
        ("gzip, deflate, br, zstd", "br"),
        ("BR;Q=1.0", "br"),
        ("gzip;q=1.0, br;q=0.5", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("br;q=0.000,gzip;q=0", None),
        ("gzip;q=0.1, identity;q=0.9", None),
        ("*", "br"),
        ("*;q=0", None),
        ("br;q=0, *", "gzip"),
        ("identity", None),
        ("", None),
        ("deflate, zstd", None),
        ("br;q=nonsense", None),
        ("gzip;level=9", "gzip"),
        (",,;;=,", None),
        ("br" * 5_000, None),
        ("x, " * 5_000 + "gzip", "gzip"),
        ("é\x00\x7f", None),
    ],
)
def test_each_client_gets_the_page_in_an_encoding_that_it_takes(
    about: ContentPage, accepted: str, encoding: str | None
) -> None:
    for _ in range(2):
        answer = get("/about/", accept_encoding=accepted)
        assert answer.headers.get("Content-Encoding") == encoding
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert int(answer.headers["Content-Length"]) == len(answer.body)
        assert b"First words" in DECODE[encoding](answer.body)


@pytest.mark.parametrize(
    ("condition", "is_known"),
    [
        ("{}", True),
        ("W/{}", True),
        ('"a", {}, "b"', True),
        ("*", True),
        ('"other"', False),
        ("nonsense", False),
        ("", False),
        (",,W/,", False),
        ('"' * 5_000, False),
    ],
)
def test_a_browser_that_has_the_page_gets_304(about: ContentPage, condition: str, is_known: bool) -> None:
    etag = get("/about/").headers["ETag"]
    answer = get("/about/", if_none_match=condition.format(etag))
    assert answer.status == ("304 Not Modified" if is_known else "200 OK")
    assert bool(answer.body) != is_known
    if is_known:
        assert answer.headers.keys() == {"ETag", "Cache-Control", "Vary"}


def test_each_encoding_has_its_own_tag(about: ContentPage) -> None:
    etags = {get("/about/", accept_encoding=name).headers["ETag"] for name in ("br", "gzip", "")}
    assert len(etags) == 3


def test_a_date_is_no_condition(about: ContentPage) -> None:
    for date in ("Fri, 27 Nov 2099 00:00:00 GMT", "nonsense"):
        assert get("/about/", if_modified_since=date, if_unmodified_since=date).status == "200 OK"


def test_a_range_gets_the_whole_page(about: ContentPage) -> None:
    whole = get("/about/").body
    for wanted in ("bytes=0-9", "bytes=-1", "bytes=5-2", "lines=1"):
        answer = get("/about/", range=wanted, if_range=get("/about/").headers["ETag"])
        assert (answer.status, answer.body) == ("200 OK", whole)


def test_head_is_answered_like_get_without_a_body(about: ContentPage) -> None:
    first = get("/about/", method="HEAD")
    change_unseen(about)
    page, again = get("/about/"), get("/about/", method="HEAD")
    assert b"First words" in page.body
    assert first.body == again.body == b""
    assert again.headers == page.headers
    assert get("/nothing/", method="HEAD").body == b""
    assert get("/about/", method="HEAD", if_none_match=page.headers["ETag"]).status == "304 Not Modified"


# --- How long ------------------------------------------------------------------------------------------------
@time_machine.travel("2026-11-27 12:00 +0000", tick=False)
def test_browsers_must_ask_each_time_and_shared_caches_may_keep(about: ContentPage) -> None:
    assert get("/about/").headers["Cache-Control"] == "public, max-age=0, s-maxage=300"


def test_shared_caches_keep_no_page_longer_than_we_do(about: ContentPage) -> None:
    with time_machine.travel("2026-11-27 12:00 +0000", tick=False) as clock:
        get("/about/")
        clock.shift(100)
        assert get("/about/").headers["Cache-Control"] == "public, max-age=0, s-maxage=200"


def test_a_page_is_rendered_anew_when_its_time_is_over(about: ContentPage) -> None:
    with time_machine.travel("2026-11-27 12:00 +0000", tick=False) as clock:
        get("/about/")
        change_unseen(about)
        clock.shift(299)
        assert b"First words" in get("/about/").body
        clock.shift(1)
        assert b"Changed behind the cache" in get("/about/").body


CHANGE = datetime(2030, 1, 1, 12, 0, tzinfo=UTC)


@hooks.register_temporarily("register_known_changes", lambda: [lambda now: CHANGE])
def test_no_page_outlives_the_next_known_change(about: ContentPage) -> None:
    with time_machine.travel(CHANGE - timedelta(seconds=40), tick=False) as clock:
        assert get("/about/").headers["Cache-Control"] == "public, max-age=0, s-maxage=40"
        change_unseen(about)
        clock.shift(40)
        assert b"First words" not in get("/about/").body


@hooks.register_temporarily("register_known_changes", lambda: [lambda now: CHANGE])
def test_a_page_is_not_kept_in_the_last_second_before_a_change(about: ContentPage) -> None:
    with time_machine.travel(CHANGE - timedelta(milliseconds=500), tick=False):
        assert "s-maxage" not in get("/about/").headers["Cache-Control"]
        assert not is_kept("/about/", about)


@hooks.register_temporarily("register_known_changes", lambda: [lambda now: CHANGE if now < CHANGE else None])
def test_a_page_that_was_begun_before_a_change_and_finished_after_it_is_not_kept(
    about: ContentPage, changing_answers: list
) -> None:
    with time_machine.travel(CHANGE - timedelta(seconds=2), tick=False) as clock:
        changing_answers.append(lambda response, request: clock.shift(3))
        assert not is_kept("/about/", about)


def test_a_page_that_expires_is_not_shown_longer(about: ContentPage) -> None:
    about.expire_at = timezone.now() + timedelta(seconds=60)
    about.save()
    seconds = int(get("/robots.txt").headers["Cache-Control"].rpartition("=")[2])
    assert 50 <= seconds <= 60


def test_a_page_that_goes_live_is_not_awaited_longer(about: ContentPage) -> None:
    about.title = "Opening hours"
    about.go_live_at = timezone.now() + timedelta(seconds=90)
    about.save_revision().publish()
    seconds = int(get("/robots.txt").headers["Cache-Control"].rpartition("=")[2])
    assert 80 <= seconds <= 90


# --- Hosts -----------------------------------------------------------------------------------------------------
def test_a_forged_host_is_refused_and_fills_no_cache(about: ContentPage) -> None:
    assert get("/about/", host="evil.example").status == "400 Bad Request"
    assert get("/about/", host="").status == "400 Bad Request"


@pytest.mark.parametrize(
    "host", ["localhost:8000", "127.0.0.1", "127.0.0.1:8001", "testserver", "[::1]:8000"]
)
def test_another_host_is_answered_and_not_kept(about: ContentPage, host: str) -> None:
    size = application.pages.bytes
    get("/about/", host=host)
    get("/robots.txt", host=host)
    assert application.pages.bytes == size
    assert b"http://127.0.0.1:8000/sitemap.xml" in get("/robots.txt").body


@pytest.mark.parametrize(
    ("site", "host"),
    [
        ("http://testserver", "TestServer"),
        ("http://testserver", "testserver."),
        ("http://testserver", "testserver:80"),
        ("http://testserver", "TESTSERVER.:80"),
        ("http://testserver:8000", "Testserver:8000"),
        ("http://testserver:8000", "testserver.:8000"),
    ],
)
def test_an_odd_spelling_of_the_host_leads_to_the_canonical_url(
    client: Client, about: ContentPage, monkeypatch: pytest.MonkeyPatch, site: str, host: str
) -> None:
    monkeypatch.setattr(settings, "SITE_URL", site)
    for method in (client.get, client.head):
        answer = method("/about/?a=%20b", headers={"host": host})
        assert (answer.status_code, answer.headers["Location"]) == (301, f"{site}/about/?a=%20b")
    assert client.post("/about/", headers={"host": host}).status_code != 301


def test_our_host_as_it_is_leads_nowhere(client: Client, about: ContentPage) -> None:
    for host in ("testserver", "127.0.0.1:8000", "TestServer"):
        assert client.get("/about/", headers={"host": host}).status_code == 200


def test_another_scheme_is_not_kept(about: ContentPage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(application, "_scheme", "https")
    assert not is_kept("/about/", about)


@pytest.mark.parametrize(
    ("forwarded", "kept"),
    [("https", True), ("https, http", True), ("http", False), ("HTTPS", False), ("", False)],
)
def test_behind_a_proxy_the_scheme_is_what_the_proxy_says(
    about: ContentPage, monkeypatch: pytest.MonkeyPatch, forwarded: str, kept: bool
) -> None:
    monkeypatch.setattr(application, "_scheme", "https")
    monkeypatch.setattr(application, "_proxy_header", "HTTP_X_FORWARDED_PROTO")
    monkeypatch.setattr(application, "_https", "https")
    assert is_kept("/about/", about, x_forwarded_proto=forwarded) is kept


def test_without_a_proxy_nobody_may_name_the_scheme(about: ContentPage) -> None:
    assert is_kept("/about/", about, x_forwarded_proto="https")


# --- The mark --------------------------------------------------------------------------------------------------
def test_the_mark_says_what_the_layer_must_know(client: Client, about: ContentPage) -> None:
    with time_machine.travel("2026-11-27 12:00 +0000", tick=False):
        mark = json.loads(client.get("/about/").headers[middleware.MARK])
    end = datetime(2026, 11, 27, 12, 5, tzinfo=UTC).timestamp()
    assert mark == {"until": end, "tokens": ["site"], "parameters": []}


def test_two_visitors_get_the_same_bytes_without_any_cookie(about: ContentPage) -> None:
    answers = [get("/about/", cookie=cookie) for cookie in ("", "consent=1.x")]
    assert answers[0].body == answers[1].body
    assert all("Set-Cookie" not in answer.headers for answer in answers)
