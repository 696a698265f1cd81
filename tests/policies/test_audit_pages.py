"""Which pages an audit opens: one of each kind, of this site only, never more than it was told."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.cookie_audit import pages as audit_pages
from policies.cookie_audit.pages import Answer

SITE = "https://shop.example"


def page(path: str, main: str = "", *, head: str = "", status: int = 200) -> Answer:
    """Make a page as it would be fetched."""
    markup = f"<html><head>{head}</head><body><main><div class='page'>{main}</div></main></body></html>"
    return Answer(SITE + path, status, markup)


def anchors(*paths: str) -> str:
    """Link to paths."""
    return "".join(f'<a href="{path}">there</a>' for path in paths)


def site(*pages: Answer) -> Callable[[str], Answer | None]:
    """Serve pages; every other address is no page."""
    return {answer.path: answer for answer in pages}.get


def chosen(*pages: Answer, most: int = 40) -> tuple[str, ...]:
    """Choose among pages, starting at the first."""
    return audit_pages.choose(site(*pages), [pages[0].path], most=most).paths


def test_pages_that_differ_only_in_their_words_are_one_kind() -> None:
    pages = [page(f"/{name}/", f"<p>About {name}</p>") for name in ("b", "c")]
    assert chosen(page("/", anchors("/b/", "/c/") + "<p>Home</p>"), *pages) == ("/",)


@pytest.mark.parametrize(
    ("head", "main"),
    [
        ('<script src="/static/stats.js"></script>', ""),
        (
            '<script type="text/plain" data-consent-category="ads" data-src="https://a.example/x.js"></script>',
            "",
        ),
        ('<link rel="preconnect" href="https://fonts.example">', ""),
        ("", '<iframe src="https://video.example/1"></iframe>'),
        ("", '<img src="https://pixel.example/1.gif">'),
        ("", '<img srcset="//pixel.example/1.gif 2x">'),
        ("", '<form method="post"><input name="sku"></form>'),
        ("", '<p data-embed="video">Load</p>'),
        ("", '<ol class="timeline"></ol>'),
    ],
)
def test_what_can_make_a_browser_keep_or_ask_makes_a_kind(head: str, main: str) -> None:
    assert chosen(page("/", anchors("/b/")), page("/b/", main, head=head)) == ("/", "/b/")


def test_two_pictures_of_the_site_itself_make_no_kind() -> None:
    first = page("/", anchors("/b/") + '<img src="/media/1.jpg">')
    assert chosen(first, page("/b/", '<img src="/media/2.jpg">')) == ("/",)


def test_versions_and_comparisons_are_kinds_whatever_their_numbers() -> None:
    paths = ["/terms/versions/1/", "/terms/versions/12/", "/terms/compare/1/12/", "/terms/on/2026-01-31/"]
    pages = [page("/", anchors(*paths)), *(page(path) for path in paths)]
    assert chosen(*pages) == ("/", "/terms/versions/1/", "/terms/compare/1/12/", "/terms/on/2026-01-31/")


def test_only_pages_of_this_site_are_followed() -> None:
    here = page(
        "/shop/",
        anchors("../about/", "mug/#size", f"{SITE}/terms/", "https://other.example/", "//other.example/b/")
        + anchors("/admin/", "/static/x", "/media/a", "/documents/1/a", "/price-list.pdf", "/find/?q=1")
        + anchors("mailto:a@b.example", "tel:+1", "http://shop.example/", "http://[bad/", "")
        + '<a href="/file/" download>File</a>',
    )
    assert audit_pages.links(here) == ["/about/", "/shop/mug/", "/terms/", "/shop/"]


def test_what_waits_for_a_category_is_read_from_the_pages() -> None:
    script = '<script type="text/plain" data-consent-category="analytics" data-src="{}"></script>'
    embed = '<figure data-category="media"><template><iframe src="https://map.example/1"></iframe></template></figure>'
    first = page(
        "/", anchors("/b/") + script.format("https://a.example/x.js") + script.format("/static/own.js")
    )
    choice = audit_pages.choose(
        site(first, page("/b/", embed + script.format("//map.example/s"))), ["/"], most=9
    )
    assert choice.waiting == {
        "https://a.example": {"analytics"},
        "https://map.example": {"analytics", "media"},
    }


def test_variants_of_a_look_make_no_kind() -> None:
    pages = [
        page(f"/{name}/", f'<div class="box box--{name}"></div><p class="{name}">x</p>') for name in "bc"
    ]
    assert chosen(page("/", anchors("/b/", "/c/")), *pages) == ("/", "/b/")


def test_error_pages_are_not_chosen_and_broken_ones_are_told() -> None:
    pages = [page("/", anchors("/gone/", "/sick/", "/dead/", "/fine/"))]
    pages += [page("/gone/", "<form></form>", status=404), page("/sick/", "<form></form>", status=500)]
    pages += [page("/dead/", status=audit_pages.NO_ANSWER), page("/fine/", "<form></form>")]
    choice = audit_pages.choose(site(*pages), ["/"], most=40)
    assert choice.paths == ("/", "/fine/")
    assert choice.broken == ("/sick/", "/dead/")


def test_many_pages_alike_are_not_all_read_and_that_is_told() -> None:
    paths = [f"/shop/{number}-mug/" for number in range(100)]
    choice = audit_pages.choose(site(page("/"), *map(page, paths)), ["/", *paths], most=40)
    assert choice.read == audit_pages.MOST_ALIKE + 1
    assert choice.unread == 100 - audit_pages.MOST_ALIKE


def test_a_site_without_end_is_left_in_time() -> None:
    choice = audit_pages.choose(lambda path: page(path, anchors(f"/{len(path)}{path}")), ["/"], most=40)
    assert choice.read <= audit_pages.MOST_READ
    assert choice.unread == 1


def test_kinds_beyond_the_number_asked_for_are_told() -> None:
    paths = [f"/p{number}/" for number in range(5)]
    pages = [page(path, f"<p data-p{path[2]}>x</p>") for path in paths]
    choice = audit_pages.choose(site(*pages), paths, most=3)
    assert (choice.paths, choice.left_out) == (tuple(paths[:3]), 2)


def test_a_site_map_is_read_for_its_paths() -> None:
    document = b"""<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
    <url><loc>http://localhost/</loc></url><url><loc>https://shop.example:80/about/</loc></url>
    <url><loc>https://shop.example/list.pdf</loc></url><url><loc/></url></urlset>"""
    assert audit_pages.paths_of_site_map(document) == ["/", "/about/"]


def test_the_parts_of_a_site_map_are_read_from_its_index() -> None:
    document = b"""<?xml version="1.0"?><sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
    <sitemap><loc>https://shop.example/sitemap-pages-1.xml</loc></sitemap>
    <sitemap><loc>https://shop.example/sitemap-pages-2.xml</loc></sitemap></sitemapindex>"""
    assert audit_pages.parts_of_site_map(document) == ["/sitemap-pages-1.xml", "/sitemap-pages-2.xml"]


@pytest.mark.parametrize("document", [b"", b"  ", b"not xml", b"<html><p>Not found", b"\x00\xff"])
def test_what_is_no_site_map_names_no_path(document: bytes) -> None:
    assert audit_pages.paths_of_site_map(document) == audit_pages.parts_of_site_map(document) == []


def test_the_version_in_force_is_found_on_the_page_of_choices() -> None:
    other = '<a href="/terms/versions/9/">Terms</a>'
    place = '<div data-consent-page><a href="/cookie-policy/versions/7/">Read</a></div>'
    assert audit_pages.version_in_force(page("/cookies/", other + place)) == ("/cookie-policy/versions/7/", 7)
    assert audit_pages.version_in_force(page("/cookies/", other)) is None
    assert audit_pages.version_in_force(page("/cookies/", place.replace("7", "9" * 5000))) is None


@given(st.text(max_size=60))
def test_any_markup_can_be_read(markup: str) -> None:
    answer = Answer(f"{SITE}/", 200, f"<main>{markup}")
    audit_pages.kind_of(answer)
    audit_pages.links(answer)
    audit_pages.version_in_force(answer)
