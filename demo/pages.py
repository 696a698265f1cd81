"""The demo's brand and its pages: home, about, contact, feedback."""

from typing import Any

from wagtail.models import Page, Site
from wagtail.rich_text import RichText

from demo import texts
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
MAP_BELOW = "How we work"
MAP = {
    "address": "https://www.openstreetmap.org/#map=5/51.50/1.80",
    "title": "A map from Ireland to Germany: the countries we send to",
    "picture": None,
    "caption": "Parcels go to the United Kingdom, Ireland, Germany and France.",
}
# label, kind, required; then more keywords of the field
FIELDS: dict[str, list[tuple[str, str, bool, dict[str, Any]]]] = {
    "contact": [
        ("Your name", "singleline", True, {}),
        ("Your e-mail address", "email", True, {"help_text": "We answer to this address."}),
        ("Subject", "singleline", True, {}),
        ("Message", "multiline", True, {}),
    ],
    "feedback": [
        ("How was it?", "radio", True, {"choices": "5 – very good\n4\n3\n2\n1 – poor"}),
        ("What should we know?", "multiline", True, {}),
        ("Your name", "singleline", False, {}),
        ("Your e-mail address", "email", False, {"help_text": "Only if you would like an answer."}),
    ],
}


def create(*, home: HomePage, editor: User) -> None:
    """Fill the home page and create the pages that are missing."""
    _brand()
    _home(home, editor)
    add_child(home, _about(), editor)
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
        brand.save()


def add_child(parent: Page, page: Page, editor: User) -> None:
    """Publish a page below another, unless there is one with its slug."""
    if parent.get_children().filter(slug=page.slug).exists():
        return
    page.owner = editor
    page.live = False
    parent.add_child(instance=page)
    page.save_revision(user=editor).publish(user=editor)


def _home(home: HomePage, editor: User) -> None:
    if home.hero_heading:
        return
    heading, rest = texts.title_and_rest(texts.read("home.md"))
    lead, rest = texts.lead_and_rest(rest)
    parts = dict(texts.sections(rest))
    counted, story, promise, questions = parts
    home.title = BRAND["name"]
    home.hero_heading, home.hero_text = heading, lead
    home.body = [
        ("features", {"heading": counted, "items": _points(parts[counted])}),
        ("heading", {"text": story, "level": "2"}),
        ("paragraph", RichText(texts.html(parts[story]))),
        ("quote", {"text": parts[promise], "source": ""}),
        ("faq", {"heading": questions, "items": _questions(parts[questions])}),
    ]
    home.save_revision(user=editor).publish(user=editor)


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
    body: list[tuple[str, Any]] = []
    for heading, text in texts.sections(rest):
        body += [("heading", {"text": heading, "level": "2"}), ("paragraph", RichText(texts.html(text)))]
        if heading == MAP_BELOW:
            body.append(("embed", MAP))
    return ContentPage(title=title, slug="about", intro=intro, body=body, show_in_menus=True)


def _form(slug: str, *, subject: str) -> FormPage:
    title, rest = texts.title_and_rest(texts.read(f"{slug}.md"))
    intro, _ = texts.lead_and_rest(rest)
    ((_, thanks),) = texts.sections(rest)
    page = FormPage(
        title=title,
        slug=slug,
        intro=intro,
        thanks_text=texts.html(thanks),
        to_address=BRAND["email"],
        subject=subject,
        show_in_menus=True,
    )
    page.form_fields.set(
        [
            FormField(sort_order=order, label=label, field_type=kind, required=required, **more)
            for order, (label, kind, required, more) in enumerate(FIELDS[slug])
        ]
    )
    return page
