"""The building blocks of a policy's text: what legal writing needs, and live facts from the running system."""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.blocks.field_block import CharBlock, ChoiceBlock, RawHTMLBlock, RichTextBlock
from wagtail.contrib.typed_table_block.blocks import TypedTableBlock

from home.blocks import TEXT_FEATURES, CalloutBlock, HeadingBlock
from policies.facts import registry
from policies.text import limits, lost_words, markup


class DefinitionBlock(blocks.StructBlock):
    """A term and what it means in this policy."""

    term = CharBlock(label=_("Term"), max_length=120)
    meaning = RichTextBlock(label=_("Meaning"), features=TEXT_FEATURES)


class DefinitionsBlock(blocks.StructBlock):
    items = blocks.ListBlock(DefinitionBlock(), label=_("Terms"), min_num=1)

    class Meta:
        icon = "list-ul"
        label = _("Definitions")
        template = "blocks/definition_list.html"


class CleanedHtmlBlock(RawHTMLBlock):
    """Markup that came with an import, cleaned of everything that could run."""

    def clean(self, value: str) -> str:
        """Clean what was pasted; refuse what would lose a word by that."""
        html = str(value or "")
        try:
            shown = lost_words.words_of_markup(html)
            cleaned = markup.clean_html(html)
            limits.refuse_characters(cleaned)
            lost_words.refuse_losses(shown, lost_words.count_words(markup.plain_text(cleaned)))
        except limits.TextRefusedError as refusal:
            words = gettext("This cannot be saved: %(reason)s.")
            raise ValidationError(words % {"reason": refusal}) from refusal
        return super().clean(cleaned)

    def render_basic(self, value: str, context: dict[str, Any] | None = None) -> str:
        """Clean again on the way out: stored text is not trusted."""
        return markup.safe_html(value or "")

    def get_searchable_content(self, value: str) -> list[str]:
        return [markup.plain_text(value or "")]


class LiveFactBlock(ChoiceBlock):
    """A fact that the running system states: shown live in the preview, frozen with the version."""

    class Meta:
        icon = "snippet"
        label = _("Live fact")
        template = "blocks/live_fact.html"

    def __init__(self, **kwargs: Any) -> None:
        """Offer what is registered at the moment of asking."""
        super().__init__(**{"choices": registry.choices, **kwargs})

    def get_context(self, value: str, parent_context: dict[str, Any] | None = None) -> dict[str, Any]:
        """Add the fact's data as it stands now."""
        context = super().get_context(value, parent_context=parent_context)
        context["fact"] = fact = registry.get(value)
        context["data"] = data = registry.collect(value)
        context["gap"] = fact.gap(data) if fact else ""
        return context


class PolicyBodyBlock(blocks.StreamBlock):
    """What an editor may put into a policy."""

    heading = HeadingBlock()
    paragraph = RichTextBlock(
        features=TEXT_FEATURES, icon="pilcrow", label=_("Text"), template="blocks/paragraph.html"
    )
    table = TypedTableBlock(
        [
            ("text", CharBlock(label=_("Text"), required=False)),
            ("rich_text", RichTextBlock(label=_("Formatted text"), required=False, features=TEXT_FEATURES)),
        ],
        label=_("Table"),
        icon="table",
        template="blocks/table.html",
    )
    definitions = DefinitionsBlock()
    callout = CalloutBlock()
    live_fact = LiveFactBlock()
    imported = CleanedHtmlBlock(label=_("Imported text"), icon="download")

    class Meta:
        template = "blocks/stream.html"
