"""The demo's brand and its pages: home, about, contact, feedback."""

from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.text import slugify
from wagtail.models import Page, Site
from wagtail.rich_text import RichText

from demo import images, texts
from demo.frozen_time import frozen_time
from forms.models import FormField, FormPage
from home.models import BrandSettings, ContentPage, HomePage, User

BRAND = {
    "name": "Jomso",
    "tagline": "Useful things for every day",
    "legal_name": "Jomso",
    "street": "1 Example Street",
    "postal_code": "EX1 1EX",
    "city": "Exampleton",
    "country": "United Kingdom",
    "email": "hello@jomso.example",
    "phone": "+44 20 7946 0000",
}
PORTRAITS = images.FOLDER / "portraits"
LOGO = images.FOLDER / "logo.svg"
MAP_BELOW = "How we work"
DELIVERY = "Where we deliver"
INVITATION = {
    "heading": "See what is on the shelf",
    "text": "A short list. Each thing on it was used at home for a month before we sold it.",
    "button": "See what we have",
}
MAP = {
    "address": "https://www.openstreetmap.org/#map=5/51.50/1.80",
    "title": "A map from Ireland to Germany",
    "picture": None,
    "caption": "Parcels go to the United Kingdom, Ireland, Germany and France.",
}
ANSWER_DAYS = {"contact": 2}
# label, kind, required; then more keywords of the field
FIELDS: dict[str, list[tuple[str, str, bool, dict[str, Any]]]] = {
    "contact": [
        ("Your name", "singleline", True, {}),
        ("Your e-mail address", "email", True, {"help_text": "We answer to this address."}),
        ("Subject", "singleline", True, {}),
        ("Message", "multiline", True, {}),
        ("Picture or PDF", "file", False, {"help_text": "If it helps us to understand."}),
        ("I have read the privacy policy", "policy", True, {}),
    ],
    "feedback": [
        ("How was it?", "rating", True, {}),
        ("What should we know?", "multiline", True, {}),
        ("Your name", "singleline", False, {}),
        ("Your e-mail address", "email", False, {"help_text": "Only if you would like an answer."}),
    ],
}


def create(*, home: HomePage, editor: User) -> None:
    """Create the pages that are missing, but not what the home page shows of them."""
    _brand()
    add_child(home, _about(), editor)
    _news(home, editor)
    for slug, order in (("contact", "write to us"), ("feedback", "feedback")):
        add_child(home, _form(slug, subject=f"Website: {order}"), editor)


def _brand() -> None:
    site = Site.objects.get(is_default_site=True)
    if not site.site_name:
        site.site_name = BRAND["name"]
        site.save()
    brand = BrandSettings.for_site(site)
    if brand.name == BrandSettings._meta.get_field("name").default:
        for name, value in BRAND.items():
            setattr(brand, name, value)
        brand.logo = images.image("Logo", LOGO, BRAND["name"])
        brand.save()


def add_child(parent: Page, page: Page, editor: User) -> None:
    """Publish a page below another, unless there is one with its slug."""
    if parent.get_children().filter(slug=page.slug).exists():
        return
    page.owner = editor
    page.live = False
    parent.add_child(instance=page)
    page.save_revision(user=editor).publish(user=editor)


def fill_home(home: HomePage, editor: User) -> None:
    """Show on the home page what there is by now."""
    if home.hero_heading:
        return
    heading, rest = texts.title_and_rest(texts.read("home.md"))
    lead, rest = texts.lead_and_rest(rest)
    parts = dict(texts.sections(rest))
    counted, story, promise, news, questions = parts
    home.title = BRAND["name"]
    home.hero_heading, home.hero_text = heading, lead
    above = home.get_children()
    shop = above.filter(slug="shop").first()
    about, journal = above.get(slug="about"), above.get(slug="news")
    home.hero_page = shop or about
    home.hero_button = "See what we have" if shop else "Who we are"
    home.body = [
        *(_shelf(shop) if shop else []),
        ("features", {"heading": counted, "items": _points(parts[counted])}),
        (
            "call_to_action",
            {"heading": story, "text": parts[story], "page": about, "button": "More about us"},
        ),
        ("quote", {"text": parts[promise], "source": ""}),
        ("listing", {"heading": news, "listing": "pages", "page": journal, "count": 3, "link": "All news"}),
        ("faq", {"heading": questions, "items": _questions(parts[questions])}),
    ]
    home.save_revision(user=editor).publish(user=editor)
    if shop:
        for end in (about.specific, journal.specific):
            end.body.append(("call_to_action", {**INVITATION, "page": shop}))
            end.save_revision(user=editor).publish(user=editor)


def _shelf(shop: Page) -> list[tuple[str, Any]]:
    shown = {"listing": "products", "page": shop, "count": 4, "link": "See everything"}
    rooms = {"listing": "categories", "page": None, "count": 4, "link": ""}
    return [
        ("listing", {"heading": "New on the shelf", **shown}),
        ("listing", {"heading": "For every room", **rooms}),
    ]


def _news(home: HomePage, editor: User) -> None:
    title, rest = texts.title_and_rest(texts.read("news.md"))
    intro, rest = texts.lead_and_rest(rest)
    entries = texts.sections(rest)
    listed = {"heading": "", "listing": "pages", "page": None, "count": 12, "link": ""}
    add_child(home, ContentPage(title=title, slug="news", intro=intro, show_in_menus=True), editor)
    above = ContentPage.objects.get(slug="news")
    if above.body:
        return
    for heading, text in reversed(entries):
        head, _, words = text.partition("\n\n")
        days, name = (line.partition(": ")[2] for line in head.splitlines())
        lead, more = texts.lead_and_rest(words)
        shown = {"image": images.drawn(name, editor), "caption": ""}
        body = [("image", shown), ("paragraph", RichText(texts.html(more)))]
        with frozen_time(timezone.now() - timedelta(days=int(days))):
            add_child(above, ContentPage(title=heading, slug=slugify(heading), intro=lead, body=body), editor)
    above.body = [("listing", {**listed, "page": above})]
    above.save_revision(user=editor).publish(user=editor)


def _points(markdown: str) -> list[dict[str, str]]:
    return [{"title": title, "text": text} for title, text in texts.sections(markdown, marker="### ")]


def _questions(markdown: str) -> list[dict[str, Any]]:
    return [
        {"question": question, "answer": RichText(texts.html(answer))}
        for question, answer in texts.sections(markdown, marker="### ")
    ]


def _about() -> ContentPage:
    title, rest = texts.title_and_rest(texts.read("about.md"))
    intro, rest = texts.lead_and_rest(rest)
    body: list[tuple[str, Any]] = [("image", {"image": images.drawn("jars"), "caption": ""})]
    for heading, text in texts.sections(rest):
        body += [("heading", {"text": heading, "level": "2"}), ("paragraph", RichText(texts.html(text)))]
        if heading == MAP_BELOW:
            body += [("people", _people())]
            body += [("heading", {"text": DELIVERY, "level": "2"}), ("embed", MAP)]
    return ContentPage(title=title, slug="about", intro=intro, body=body, show_in_menus=True)


def _people() -> dict[str, Any]:
    """Return who does what, by first names."""
    items = []
    for one in texts.records("people.txt"):
        title, path = one["title"], PORTRAITS / one["drawing"]
        portrait = images.image(f"Portrait: {title}", path, f"A drawing of somebody: {title}")
        items.append({"picture": portrait, "title": title, "role": one["role"], "text": one["text"]})
    return {"heading": "Who does what", "items": items}


def _form(slug: str, *, subject: str) -> FormPage:
    title, rest = texts.title_and_rest(texts.read(f"{slug}.md"))
    intro, _ = texts.lead_and_rest(rest)
    ((_, thanks),) = texts.sections(rest)
    page = FormPage(
        title=title,
        slug=slug,
        intro=intro,
        thanks_text=texts.html(thanks),
        answer_days=ANSWER_DAYS.get(slug),
        to_address=BRAND["email"],
        subject=subject,
        offers_copy=True,
        show_in_menus=True,
    )
    page.form_fields.set(
        [
            FormField(sort_order=order, label=label, field_type=kind, required=required, **more)
            for order, (label, kind, required, more) in enumerate(FIELDS[slug])
        ]
    )
    return page
