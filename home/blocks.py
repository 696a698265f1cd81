"""The building blocks of page bodies. Each has a template in templates/blocks/ and no code of its own to run."""

from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.images.blocks import ImageChooserBlock

TEXT_FEATURES = ["bold", "italic", "link", "document-link", "ol", "ul"]


class HeadingBlock(blocks.StructBlock):
    """A heading inside the body; the page's title is the only h1."""

    text = blocks.CharBlock(label=_("Text"), max_length=160)
    level = blocks.ChoiceBlock(
        choices=[("2", _("Section")), ("3", _("Sub-section"))], default="2", label=_("Level")
    )

    class Meta:
        icon = "title"
        label = _("Heading")
        template = "blocks/heading.html"
        label_format = "{text}"


class ImageBlock(blocks.StructBlock):
    """A picture with an optional caption; its alternative text comes from the picture's description."""

    image = ImageChooserBlock(label=_("Picture"))
    caption = blocks.CharBlock(label=_("Caption"), required=False, max_length=200)

    class Meta:
        icon = "image"
        label = _("Picture")
        template = "blocks/image.html"


class QuoteBlock(blocks.StructBlock):
    """A sentence that stands out, with or without a source."""

    text = blocks.TextBlock(label=_("Text"), max_length=400)
    source = blocks.CharBlock(label=_("Source"), required=False, max_length=120)

    class Meta:
        icon = "openquote"
        label = _("Quote")
        template = "blocks/quote.html"


class CallToActionBlock(blocks.StructBlock):
    """A short invitation with one button that leads to a page of the site."""

    heading = blocks.CharBlock(label=_("Heading"), max_length=120)
    text = blocks.TextBlock(label=_("Text"), required=False, max_length=300)
    page = blocks.PageChooserBlock(label=_("Page"))
    button = blocks.CharBlock(label=_("Button"), max_length=40)

    class Meta:
        icon = "pick"
        label = _("Call to action")
        template = "blocks/call_to_action.html"


class FeatureBlock(blocks.StructBlock):
    """One point of a features grid."""

    title = blocks.CharBlock(label=_("Title"), max_length=80)
    text = blocks.TextBlock(label=_("Text"), max_length=300)


class FeaturesBlock(blocks.StructBlock):
    """Two to six short points side by side."""

    heading = blocks.CharBlock(label=_("Heading"), required=False, max_length=120)
    items = blocks.ListBlock(FeatureBlock(), label=_("Points"), min_num=2, max_num=6)

    class Meta:
        icon = "grip"
        label = _("Points side by side")
        template = "blocks/features.html"


class QuestionBlock(blocks.StructBlock):
    question = blocks.CharBlock(label=_("Question"), max_length=160)
    answer = blocks.RichTextBlock(label=_("Answer"), features=TEXT_FEATURES)


class FaqBlock(blocks.StructBlock):
    """Questions that open to their answers."""

    heading = blocks.CharBlock(label=_("Heading"), required=False, max_length=120)
    items = blocks.ListBlock(QuestionBlock(), label=_("Questions"), min_num=1)

    class Meta:
        icon = "help"
        label = _("Questions and answers")
        template = "blocks/faq.html"


class CalloutBlock(blocks.StructBlock):
    """A remark set apart from the text around it."""

    title = blocks.CharBlock(label=_("Title"), required=False, max_length=120)
    text = blocks.RichTextBlock(label=_("Text"), features=TEXT_FEATURES)

    class Meta:
        icon = "info-circle"
        label = _("Call-out")
        template = "blocks/callout.html"


class BodyBlock(blocks.StreamBlock):
    """What an editor may put into the body of a content page."""

    heading = HeadingBlock()
    paragraph = blocks.RichTextBlock(
        features=[*TEXT_FEATURES, "hr"], icon="pilcrow", label=_("Text"), template="blocks/paragraph.html"
    )
    image = ImageBlock()
    quote = QuoteBlock()
    features = FeaturesBlock()
    faq = FaqBlock()
    callout = CalloutBlock()
    call_to_action = CallToActionBlock()

    class Meta:
        template = "blocks/stream.html"
