"""The blocks of page bodies, each with a template in templates/blocks/."""

from typing import Any

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db.models import prefetch_related_objects
from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.blocks.field_block import (
    CharBlock,
    ChoiceBlock,
    IntegerBlock,
    PageChooserBlock,
    RichTextBlock,
    TextBlock,
    URLBlock,
)
from wagtail.images.blocks import ImageChooserBlock

from home import embeds, listings

TEXT_FEATURES = ["bold", "italic", "link", "document-link", "ol", "ul"]


class HeadingBlock(blocks.StructBlock):
    """A heading inside the body; the page's title is the only h1."""

    text = CharBlock(label=_("Text"), max_length=160)
    level = ChoiceBlock(choices=[("2", _("Section")), ("3", _("Sub-section"))], default="2", label=_("Level"))

    class Meta:
        icon = "title"
        label = _("Heading")
        template = "blocks/heading.html"
        label_format = "{text}"


class ImageBlock(blocks.StructBlock):
    """A picture with an optional caption; its alternative text comes from the picture's description."""

    image = ImageChooserBlock(label=_("Picture"))
    caption = CharBlock(label=_("Caption"), required=False, max_length=200)

    class Meta:
        icon = "image"
        label = _("Picture")
        template = "blocks/image.html"


class QuoteBlock(blocks.StructBlock):
    """A sentence that stands out, with or without a source."""

    text = TextBlock(label=_("Text"), max_length=400)
    source = CharBlock(label=_("Source"), required=False, max_length=120)

    class Meta:
        icon = "openquote"
        label = _("Quote")
        template = "blocks/quote.html"


class CallToActionBlock(blocks.StructBlock):
    """A short invitation with one button that leads to a page of the site."""

    heading = CharBlock(label=_("Heading"), max_length=120)
    text = TextBlock(label=_("Text"), required=False, max_length=300)
    page = PageChooserBlock(label=_("Page"))
    button = CharBlock(label=_("Button"), max_length=40)

    class Meta:
        icon = "pick"
        label = _("Call to action")
        template = "blocks/call_to_action.html"


class FeatureBlock(blocks.StructBlock):
    """One point of a features grid."""

    title = CharBlock(label=_("Title"), max_length=80)
    text = TextBlock(label=_("Text"), max_length=300)


class FeaturesBlock(blocks.StructBlock):
    """Two to six short points side by side."""

    heading = CharBlock(label=_("Heading"), required=False, max_length=120)
    items = blocks.ListBlock(FeatureBlock(), label=_("Points"), min_num=2, max_num=6)

    class Meta:
        icon = "grip"
        label = _("Points side by side")
        template = "blocks/features.html"


class QuestionBlock(blocks.StructBlock):
    question = CharBlock(label=_("Question"), max_length=160)
    answer = RichTextBlock(label=_("Answer"), features=TEXT_FEATURES)


class FaqBlock(blocks.StructBlock):
    """Questions that open to their answers."""

    heading = CharBlock(label=_("Heading"), required=False, max_length=120)
    items = blocks.ListBlock(QuestionBlock(), label=_("Questions"), min_num=1)

    class Meta:
        icon = "help"
        label = _("Questions and answers")
        template = "blocks/faq.html"


class CalloutBlock(blocks.StructBlock):
    """A remark set apart from the text around it."""

    title = CharBlock(label=_("Title"), required=False, max_length=120)
    text = RichTextBlock(label=_("Text"), features=TEXT_FEATURES)

    class Meta:
        icon = "info-circle"
        label = _("Call-out")
        template = "blocks/callout.html"


class ListingBlock(blocks.StructBlock):
    """Products, categories, news: what the site has of something, as cards."""

    heading = CharBlock(label=_("Heading"), required=False, max_length=120)
    listing = ChoiceBlock(choices=listings.choices, label=_("What is listed"))
    page = PageChooserBlock(
        label=_("Of this page only"),
        required=False,
        help_text=_("A category, or the page above the news. Empty: of the whole site."),
    )
    count = IntegerBlock(label=_("How many at most"), min_value=1, max_value=12, default=4)
    link = CharBlock(
        label=_("Words of the link to that page"),
        required=False,
        max_length=40,
        help_text=_("Below the cards, such as “All news”. Empty: no link."),
    )

    class Meta:
        icon = "list-ul"
        label = _("List")
        template = "blocks/listing.html"
        label_format = "{heading}"

    def get_context(
        self, value: blocks.StructValue, parent_context: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Give the template what is listed now; nothing where the app of the listing is gone."""
        listing, page = listings.find(value["listing"]), value["page"]
        is_shown = page is None or page.live
        return {
            **super().get_context(value, parent_context=parent_context),
            "items": listing.items(page, value["count"]) if listing and is_shown else [],
            "listing_template": listing.template if listing else "",
        }


class PersonBlock(blocks.StructBlock):
    picture = ImageChooserBlock(label=_("Picture"), required=False)
    title = CharBlock(label=_("Name"), max_length=80)
    role = CharBlock(label=_("What they do"), required=False, max_length=80)
    text = TextBlock(label=_("Text"), required=False, max_length=300)


class PeopleBlock(blocks.StructBlock):
    """Who is behind the site, side by side."""

    heading = CharBlock(label=_("Heading"), required=False, max_length=120)
    items = blocks.ListBlock(PersonBlock(), label=_("People"), min_num=1, max_num=12)

    class Meta:
        icon = "group"
        label = _("People")
        template = "blocks/people.html"

    def get_context(
        self, value: blocks.StructValue, parent_context: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Read the sizes of all pictures in one query."""
        prefetch_related_objects([one["picture"] for one in value["items"] if one["picture"]], "renditions")
        return super().get_context(value, parent_context=parent_context)


class EmbedBlock(blocks.StructBlock):
    """A video or map of an outside service; visitors see a still placeholder until they load it."""

    address = URLBlock(
        label=_("URL"), help_text=_("Of the video or map: copy it from the browser’s address bar.")
    )
    title = CharBlock(
        label=_("Title"),
        max_length=120,
        help_text=_("What it shows, in a few words; read out by screen readers."),
    )
    picture = ImageChooserBlock(
        label=_("Still picture"),
        required=False,
        help_text=_("Shown before the video or map loads. If empty, a drawing is shown."),
    )
    caption = CharBlock(label=_("Caption"), required=False, max_length=200)

    class Meta:
        icon = "media"
        label = _("Video or map")
        template = "blocks/embed.html"
        label_format = "{title}"

    def clean(self, value: blocks.StructValue) -> blocks.StructValue:
        """Refuse a URL that could not be shown, and tell the editor what to do."""
        cleaned = super().clean(value)
        if words := _why_not(cleaned["address"]):
            raise blocks.StructBlockValidationError(block_errors={"address": ValidationError(words)})
        return cleaned

    def get_context(
        self, value: blocks.StructValue, parent_context: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Give the template the recognised embed, and the settings, which may have changed since it was saved."""
        services = _settings().shown()
        embed = embeds.recognise(value["address"] or "")
        is_on = embed is not None and bool(embed.frame_url) and embed.service in services.embed_services
        category = services.embeds_category
        return {
            **super().get_context(value, parent_context=parent_context),
            "embed": embed,
            "is_on": is_on,
            "sandbox": embeds.SANDBOX,
            "category_name": category.varname if category else "",
        }


def _why_not(url: str) -> Any:
    """Return why a URL cannot be embedded; "" where it can, or where none is given yet."""
    if not url:
        return ""
    embed = embeds.recognise(url)
    if embed is None:
        names = ", ".join(service.name for service in embeds.SERVICES.values())
        return _("This service is not known here. Videos and maps may come from: %(names)s.") % {
            "names": names
        }
    if embed.service not in _settings().current().embed_services:
        words = _("%(service)s is switched off. The owner can switch it on in Settings → Outside services.")
        return words % {"service": embed.service.name}
    return "" if embed.frame_url else embed.service.hint


def _settings() -> Any:
    return apps.get_model("home.ServiceSettings")  # by name: the models import the blocks


class PlainBodyBlock(blocks.StreamBlock):
    """Text and pictures of the site's own: the body of a shop page."""

    heading = HeadingBlock()
    paragraph = RichTextBlock(
        features=[*TEXT_FEATURES, "hr"], icon="pilcrow", label=_("Text"), template="blocks/paragraph.html"
    )
    image = ImageBlock()
    quote = QuoteBlock()
    features = FeaturesBlock()
    listing = ListingBlock()
    people = PeopleBlock()
    faq = FaqBlock()
    callout = CalloutBlock()
    call_to_action = CallToActionBlock()

    class Meta:
        template = "blocks/stream.html"


class BodyBlock(PlainBodyBlock):
    """What an editor may put into the body of a content page."""

    embed = EmbedBlock()
