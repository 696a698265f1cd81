"""A message in words, as staff read it: who sent it, what it says, and its other answers by label."""

import re
from textwrap import shorten
from typing import Any

from django.utils.text import Truncator
from django.utils.translation import gettext, ngettext

from forms.emails import in_words
from forms.models import Attachment, FormField, SavedReply, Submission

GLANCE = 90  # characters
_NAME = re.compile(r"^\{name\}[,:]? ?|,? ?\{name\}", re.MULTILINE)  # with what goes with it
_SUBJECT = "subject"


def sender(message: Submission) -> str:
    """Return who wrote, as well as the message says it."""
    return message.name or message.email or gettext("Somebody")


def heading(message: Submission) -> str:
    """Return what its page is called: the subject, or how it begins, and who sent it."""
    about = message.form_data.get(_SUBJECT) or _glance(body(message), GLANCE // 3)
    return f"{about} – {sender(message)}" if about else sender(message)


def body(message: Submission) -> str:
    """Return the message itself: the longest text of all answers, or else the subject."""
    told = {message.name.lower(), message.email, str(message.rating)}
    given = [text for field, text in message.form_data.items() if field != _SUBJECT]
    texts = [text for text in given if isinstance(text, str) and text.lower() not in told]
    return max(texts, key=len, default=message.form_data.get(_SUBJECT) or "")


def beginning(message: Submission) -> str:
    """Return how the message begins, in one line."""
    return _glance(body(message), GLANCE)


def _glance(text: str, most: int) -> str:
    """Return how a text begins, in one line that ends with a word, if it has several."""
    whole_words = shorten(text, most, placeholder=" …")
    return Truncator(text).chars(most) if whole_words == "…" else whole_words


def answers_of(message: Submission) -> list[tuple[str, str, Attachment | None]]:
    """Return label, words and file of what the page does not show without a label. Two queries.

    They stand in the order of the form, and after them those whose field is no longer in it.
    """
    fields = FormField.objects.filter(page=message.page_id).values_list("clean_name", "label", "field_type")
    known = {name: (label, kind) for name, label, kind in fields}
    files = {file.field: file for file in message.attachments.all()}
    given = message.form_data
    names = [*(name for name in known if name in given), *(name for name in given if name not in known)]
    rating = next((name for name in names if message.rating and known.get(name, "")[1:] == ("rating",)), "")
    told = {str(one).lower() for one in (message.name, message.email, body(message), given.get(_SUBJECT))}
    answers = []
    for name in names:
        label, kind = known.get(name, (name.replace("_", " ").capitalize(), ""))
        said = _stars(given[name]) if kind == "rating" else in_words(given[name])
        is_told = name == rating or kind == "policy" or str(given[name]).lower() in told
        if name in files or (said and not is_told):
            answers.append((label, said, files.get(name)))
    return answers


def _stars(given: Any) -> str:
    number = int(given) if str(given).isdecimal() else 0
    return ngettext("%(n)s star", "%(n)s stars", number) % {"n": number} if number else in_words(given)


def filled(saved: SavedReply, message: Submission) -> str:
    """Return the words of a saved reply with the name of whoever wrote; without one, there is no gap."""
    return saved.text.replace("{name}", message.name) if message.name else _NAME.sub("", saved.text)
