"""What is different between two states of a fact, in plain words: one sentence for each thing added, gone or changed.

Facts are plain data (JSON) of any shape. Entries of a list are matched by what identifies them, so that "the cookie
_ga_* was added" does not read as a change of everything after it. It knows nothing of versions and reads no database.
"""

import json
from collections.abc import Container, Iterator
from typing import Any

from django.db import models
from django.utils.functional import Promise
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from home.models import BrandSettings
from policies.models import CookieDetails, Recipient
from policies.models.pages import NOTICE_FIELDS, CookiePolicyPage
from policies.text.parsing import CONTROL_CHARACTERS
from policies.text.quotes import isolated

# What tells the entries of a list apart, and what they are called: the first of these that all entries have.
_IDENTITIES = ("key", "varname", "name")
_NAMES = ("label", "name", "title")
_LONGEST_VALUE = 400  # the words of the consent bar are shown whole


def _labels_of(model: type[models.Model], names: Container[str]) -> dict[str, str | Promise]:
    return {field.name: field.verbose_name for field in model._meta.fields if field.name in names}


_LABELS: dict[str, str | Promise] = {
    **_labels_of(Recipient, Recipient.FIELDS),
    **_labels_of(CookieDetails, CookieDetails.FIELDS),
    **_labels_of(BrandSettings, ("name", "street", "country", "email", "phone", "company_number")),
    **{NOTICE_FIELDS[name]: label for name, label in _labels_of(CookiePolicyPage, NOTICE_FIELDS).items()},
    "category": gettext_lazy("category"),
    "cookies": gettext_lazy("cookies"),
    "days": gettext_lazy("kept"),
    "description": gettext_lazy("explanation"),
    "is_declared": gettext_lazy("declared"),
    "is_required": gettext_lazy("always on"),
    "label": gettext_lazy("name"),
    "origins": gettext_lazy("servers"),
    "privacy_url": gettext_lazy("provider's policy"),
    "town": gettext_lazy("town"),
    "varname": gettext_lazy("short name"),
    "what": gettext_lazy("what it holds"),
}

# Values that are stored as codes, by the name of their field.
_CODES: dict[str, dict[str, str | Promise]] = {
    "party": dict(CookieDetails.Party.choices),
    "storage": dict(CookieDetails.Storage.choices),
}


def describe(old: Any, new: Any) -> list[str]:
    """Describe each change from the old data to the new in the active language; empty only if they are equal."""
    try:
        return list(_changes(old, new, ())) or ([] if old == new else [_("changed")])
    except RecursionError:  # nested deeper than any fact
        return [_("changed")]


def _changes(old: Any, new: Any, path: tuple[str, ...], key: str = "") -> Iterator[str]:
    if old == new or (_is_nothing(old) and _is_nothing(new)):
        return
    # What was not stated before, or no longer is, is told entry by entry.
    for kind in (dict, list):
        if isinstance(old, kind) and _is_nothing(new):
            new = kind()
        elif isinstance(new, kind) and _is_nothing(old):
            old = kind()
    if isinstance(old, dict) and isinstance(new, dict):
        for name in (*new, *(name for name in old if name not in new)):
            yield from _changes(old.get(name), new.get(name), (*path, _label(name)), name)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _changes_of_list(old, new, path)
    elif key == "days":
        yield _sentence(path, _("%(old)s became %(new)s"), old=_days(old), new=_days(new))
    else:
        yield _change_of_value(old, new, path, key)


def _changes_of_list(old: list, new: list, path: tuple[str, ...]) -> Iterator[str]:
    before, after = _by_identity(old, new)
    for identity, entry in after.items():
        if identity in before:
            yield from _changes(before[identity], entry, (*path, _name(entry)))
        else:
            yield _sentence(path, _("%(name)s added"), name=_name(entry))
    for identity, entry in before.items():
        if identity not in after:
            yield _sentence(path, _("%(name)s removed"), name=_name(entry))
    if before == after:
        yield _sentence(path, _("another order"))


def _by_identity(old: list, new: list) -> tuple[dict[str, Any], dict[str, Any]]:
    for key in _IDENTITIES:
        before, after = _keyed(old, key), _keyed(new, key)
        if (len(before), len(after)) == (len(old), len(new)):
            return before, after
    return {_written(entry): entry for entry in old}, {_written(entry): entry for entry in new}


def _keyed(entries: list, key: str) -> dict[str, Any]:
    return {_written(entry[key]): entry for entry in entries if isinstance(entry, dict) and key in entry}


def _change_of_value(old: Any, new: Any, path: tuple[str, ...], key: str) -> str:
    before, after = _in_words(old, key), _in_words(new, key)
    if _is_nothing(old):
        return _sentence(path, _("%(name)s added"), name=after)
    if _is_nothing(new):
        return _sentence(path, _("%(name)s removed"), name=before)
    return _sentence(path, _("%(old)s became %(new)s"), old=before, new=after)


def _sentence(path: tuple[str, ...], words: str, **names: str) -> str:
    said = words % names
    return CONTROL_CHARACTERS.sub(" ", f"{', '.join(path)}: {said}" if path else said)


def _label(key: str) -> str:
    return str(_LABELS.get(key, key.replace("_", " ")))


def _is_nothing(value: Any) -> bool:
    return value is None or value in ("", [], {})


def _name(entry: Any) -> str:
    if isinstance(entry, dict):
        names = (entry[key] for key in (*_NAMES, *_IDENTITIES) if isinstance(entry.get(key), str))
        return next((isolated(name) for name in names if name), _in_words(entry))
    return _in_words(entry)


def _in_words(value: Any, key: str = "") -> str:
    """Put data of any shape in words: never as it is stored."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, str):
        said = str(_CODES.get(key, {}).get(value, value))
        return f"“{isolated(Truncator(said).chars(_LONGEST_VALUE))}”"
    if isinstance(value, dict) and value:
        words = ", ".join(f"{_label(name)}: {_in_words(inner, name)}" for name, inner in value.items())
    elif isinstance(value, list) and value:
        words = "; ".join(map(_in_words, value))
    else:
        words = _("nothing") if _is_nothing(value) else str(value)
    return words if len(words) <= _LONGEST_VALUE else isolated(Truncator(words).chars(_LONGEST_VALUE))


def _written(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _days(value: Any) -> str:
    if value is None:
        return _("as long as the purpose lasts")
    if not isinstance(value, int) or isinstance(value, bool):
        return _in_words(value)
    return ngettext("%(days)s day", "%(days)s days", value) % {"days": value}
