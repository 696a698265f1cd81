"""A message in words, as staff read it: who sent it, how it begins, and its answers by label."""

import re
from typing import Any, NamedTuple

from django.utils.text import Truncator
from django.utils.translation import gettext, ngettext

from forms.emails import in_words
from forms.models import Attachment, FormField, SavedReply, Submission

GLANCE = 90  # characters
_NAME = re.compile(r"^\{name\}[,:]? ?|,? ?\{name\}", re.MULTILINE)  # with what goes with it


class Answer(NamedTuple):
    label: str
    words: str
    file: Attachment | None


def sender(message: Submission) -> str:
    """Return who wrote, as well as the message says it."""
    return message.name or message.email or gettext("Somebody")


def beginning(message: Submission) -> str:
    """Return how the longest answer begins, in one line."""
    told = {message.name, message.email}
    texts = [text for text in message.form_data.values() if isinstance(text, str) and text not in told]
    return Truncator(" ".join(max(texts, key=len, default="").split())).chars(GLANCE)


def answers_of(message: Submission) -> list[Answer]:
    """Return the answers in the order of the form, then those whose field is no longer in it. Two queries."""
    fields = FormField.objects.filter(page=message.page_id).values_list("clean_name", "label", "field_type")
    known = {name: (label, kind) for name, label, kind in fields}
    files = {file.field: file for file in message.attachments.all()}
    given = message.form_data
    names = [*(name for name in known if name in given), *(name for name in given if name not in known)]
    answers = []
    for name in names:
        label, kind = known.get(name, (name.replace("_", " ").capitalize(), ""))
        said = _stars(given[name]) if kind == "rating" else in_words(given[name])
        answers.append(Answer(label, said, files.get(name)))
    return answers


def _stars(given: Any) -> str:
    number = int(given) if str(given).isdecimal() else 0
    return ngettext("%(n)s star", "%(n)s stars", number) % {"n": number} if number else in_words(given)


def filled(saved: SavedReply, message: Submission) -> str:
    """Return the words of a saved reply with the name of whoever wrote; without one, there is no gap."""
    return saved.text.replace("{name}", message.name) if message.name else _NAME.sub("", saved.text)
