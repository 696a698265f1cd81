"""Lists on pages: products, categories and news, as an editor puts them there."""

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.test import Client
from wagtail.models import Page

from home import listings
from home.models import ContentPage, HomePage, SiteImage
from tests import queries

pytestmark = pytest.mark.django_db


def _home(*blocks: tuple[str, object]) -> HomePage:
    home = HomePage.objects.get()
    home.body = list(blocks)
    home.save_revision().publish()
    return home


def _listing(listing: str, page: Page | None = None, **values: object) -> tuple[str, object]:
    return "listing", {"heading": "Seen", "listing": listing, "page": page, "count": 4, "link": "", **values}


def _child(above: Page, title: str, **values: object) -> ContentPage:
    page = ContentPage(title=title, **values)
    above.add_child(instance=page)
    page.save_revision().publish()
    return page


def _shown(client: Client) -> str:
    return client.get("/").content.decode()


def test_news_are_listed_the_newest_first_and_no_more_than_asked_for(client: Client) -> None:
    news = _child(HomePage.objects.get(), "News")
    for title in ("First", "Second", "Third"):
        _child(news, title, intro=f"{title} <b>words</b>")
    _child(HomePage.objects.get(), "Elsewhere")
    _home(_listing("pages", news, count=2, link="All news"))
    page = _shown(client)
    assert page.index(">Third</a>") < page.index(">Second</a>")
    assert ">First</a>" not in page
    assert ">Elsewhere</a>" not in page
    assert "Third &lt;b&gt;words" in page
    assert '<a class="button button--choice" href="/news/">All news</a>' in page


def _picture(title: str) -> SiteImage:
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 3" width="4" height="3"/>'
    return SiteImage.objects.create(title=title, description=title, file=ContentFile(svg, f"{title}.svg"))


def _begins_with(picture: SiteImage) -> list[tuple[str, object]]:
    return [("image", {"image": picture, "caption": ""}), ("paragraph", "<p>Words.</p>")]


def test_news_are_listed_with_the_picture_they_begin_with_or_one_for_sharing(client: Client) -> None:
    news = _child(HomePage.objects.get(), "News")
    box, lid = _picture("box"), _picture("lid")
    _child(news, "Plain", body=[("paragraph", "<p>Words.</p>")])
    _child(news, "Empty")
    _child(news, "Begins", body=_begins_with(box))
    shared = _child(news, "Shared", body=_begins_with(box), share_image=lid)
    cards = ContentPage.cards_below(news, 9)
    assert [(page.title, card) for page, card in cards] == [
        *(("Shared", lid), ("Begins", box)),
        *(("Empty", None), ("Plain", None)),
    ]
    _home(_listing("pages", news))
    assert _shown(client).count(f'<div class="good__picture"><img src="{box.file.url}" alt=""') == 1
    ContentPage.objects.filter(pk=shared.pk).update(share_image=None)
    box.delete()
    assert [card for _page, card in ContentPage.cards_below(news, 9)] == [None] * 4, "the picture was deleted"


def test_many_news_with_pictures_cost_the_queries_of_few(client: Client) -> None:
    news = _child(HomePage.objects.get(), "News")
    _home(_listing("pages", news, count=9))
    counts = []
    for number in range(4):
        _child(news, f"News {number}", body=_begins_with(_picture(f"box{number}")))
        counts.append((queries.cold(client, "/"), queries.cold(client, f"/news/news-{number}/")))
    assert counts[2] == counts[3]


def test_a_news_page_has_its_picture_its_day_and_the_way_to_the_others(client: Client) -> None:
    news = _child(HomePage.objects.get(), "News & more")
    first = _child(news, "First", body=_begins_with(_picture("box")))
    first.refresh_from_db()
    second = _child(news, "Second")
    page = client.get(first.url).content.decode()
    head, _, rest = page.partition("<main")[2].partition("</header>")
    assert "page-head--pictured" in head
    assert "box" in head
    assert f'<a class="tall-link" href="{news.url}">News &amp; more</a>' in head
    assert f'<time datetime="{first.first_published_at:%Y-%m-%d}">' in head
    aside = rest.partition("<aside")[2].partition("</aside>")[0]
    assert f'<a href="{second.url}">Second</a>' in aside
    assert ">First<" not in aside
    second.unpublish()
    alone = client.get(first.url).content.decode().partition("<main")[2]
    assert "<aside" not in alone
    assert "<time" not in client.get(news.url).content.decode().partition("<main")[2].partition("</main>")[0]


def test_what_is_not_published_is_not_listed(client: Client) -> None:
    news = _child(HomePage.objects.get(), "News")
    _child(news, "Gone").unpublish()
    _home(_listing("pages", news))
    assert "Gone" not in _shown(client)


def test_a_list_of_nothing_shows_no_heading(client: Client) -> None:
    news = _child(HomePage.objects.get(), "News")
    _home(_listing("pages", news))
    assert "Seen" not in _shown(client)


def test_a_list_whose_page_is_unpublished_shows_nothing(client: Client) -> None:
    news = _child(HomePage.objects.get(), "News")
    _child(news, "Still there")
    _home(_listing("pages", news, link="All news"))
    news.unpublish()
    assert "Seen" not in _shown(client)


def test_a_list_whose_app_is_gone_shows_nothing(client: Client) -> None:
    home = _home(_listing("pages"))
    home.body.raw_data[0]["value"]["listing"] = "of-an-app-that-is-gone"
    home.save_revision().publish()
    assert "Seen" not in _shown(client)
    assert listings.find("of-an-app-that-is-gone") is None


def test_people_are_shown_with_what_they_do(client: Client) -> None:
    person = {"picture": None, "title": "Packing", "role": "Wraps parcels", "text": "With <care>."}
    _home(("people", {"heading": "Who does what", "items": [person]}))
    page = _shown(client)
    assert "<h3>Packing</h3>" in page
    assert "With &lt;care&gt;." in page


def test_the_button_of_the_home_page_leads_to_a_published_page(client: Client) -> None:
    home = HomePage.objects.get()
    about = _child(home, "About")
    home.hero_page, home.hero_button = about, "Who we are"
    home.save_revision().publish()
    assert '<a class="button button--big" href="/about/">Who we are</a>' in _shown(client)
    about.unpublish()
    assert "Who we are" not in _shown(client)


@pytest.mark.parametrize(("button", "has_page"), [("Shop", False), ("", True), (" ", True)])
def test_a_button_needs_a_page_and_words(button: str, has_page: bool) -> None:
    home = HomePage.objects.get()
    home.hero_page, home.hero_button = (home if has_page else None), button
    with pytest.raises(ValidationError, match="A button needs a page and words"):
        home.full_clean()
