"""The spam guard of public forms: a field that only machines fill in, and a signed stamp.

The stamp says which form was shown and when, and which privacy policy stood under it; so a submission names the
version that the visitor was shown, even if another one took effect meanwhile. What becomes of a form that a machine
seems to have sent is up to the form. Nothing is ever dropped in silence: a person taken for a machine reads what to do.
"""

import uuid
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.core.signing import BadSignature, Signer
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# Editors' fields are named in snake case, so a name with a hyphen is never one of theirs.
TRAP_FIELD = "your-website"
STAMP_FIELD = "form-stamp"

FASTEST = timedelta(seconds=2)
OLDEST = timedelta(hours=24)

_signer = Signer(salt="forms.spam.stamp")


@dataclass(frozen=True, kw_only=True)
class Stamp:
    """What was shown with a form: `page_id` is its page's key or, off the pages, its name; `at` is in Unix seconds."""

    page_id: int | str | None
    version_id: int | None  # of the privacy policy
    token: str
    at: float

    @property
    def age(self) -> timedelta:
        """How long the form has been open."""
        return timedelta(seconds=timezone.now().timestamp() - self.at)

    @property
    def is_too_fresh(self) -> bool:
        """Whether the form was sent faster than people type."""
        return self.age < FASTEST

    @property
    def is_too_old(self) -> bool:
        """Whether the form was open so long that its text may have changed."""
        return self.age > OLDEST

    def signed(self) -> str:
        """Return the text for the hidden field."""
        return _signer.sign_object(asdict(self))


def new_stamp(*, page_id: int | str | None, version_id: int | None = None) -> Stamp:
    """Stamp a form that is shown for the first time."""
    now = timezone.now().timestamp()
    return Stamp(page_id=page_id, version_id=version_id, token=uuid.uuid4().hex, at=now)


def renewed_stamp(
    earlier: Stamp | None, *, page_id: int | str | None, version_id: int | None = None
) -> Stamp:
    """Stamp a form that is shown again after an error: it is still the same form, as old as it was."""
    if earlier and not earlier.is_too_old:
        return replace(earlier, version_id=version_id)
    fresh = new_stamp(page_id=page_id, version_id=version_id)
    # Who reads an error message has waited already.
    return replace(fresh, at=fresh.at - FASTEST.total_seconds())


def read_stamp(text: str, *, page_id: int | str | None) -> Stamp | None:
    """Return the stamp, or None if it is forged, missing or another form's."""
    try:
        stamp = Stamp(**_signer.unsign_object(text))
    except (BadSignature, TypeError, ValueError):
        return None
    return stamp if stamp.page_id == page_id else None


class TrapField(forms.Field):
    """A field that people do not see. It takes any input: an error would tell what it is for."""

    is_honeypot = True

    def __init__(self) -> None:
        super().__init__(
            required=False,
            label=_("Leave this field empty"),
            widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}),
        )


class GuardedForm(forms.Form):
    """A form with the guard's two fields. It adds them last, reads the stamp when it is cleaned, and says the words."""

    UNKNOWN: ClassVar[Promise]
    TOO_OLD: ClassVar[Promise]
    TOO_FRESH: ClassVar[Promise]

    PAGE: ClassVar[str] = ""  # on its stamps, of a form off the pages

    data: Any  # as it was posted: a QueryDict
    stamp: Stamp | None = None

    def add_guard(self) -> None:
        self.fields[STAMP_FIELD] = forms.Field(required=False, widget=forms.HiddenInput())
        self.fields[TRAP_FIELD] = TrapField()

    def read_guard(self, *, page_id: int | str | None) -> None:
        self.stamp = read_stamp(self.cleaned_data.get(STAMP_FIELD) or "", page_id=page_id)

    @property
    def is_suspicious(self) -> bool:
        """Whether the hidden field was filled in."""
        return bool(self.cleaned_data.get(TRAP_FIELD))

    @property
    def stamp_problem(self) -> str:
        """What somebody reads whose form has no good stamp; empty when it has one."""
        if self.stamp is None:
            return str(self.UNKNOWN)
        if self.stamp.is_too_old:
            return str(self.TOO_OLD)
        return str(self.TOO_FRESH) if self.stamp.is_too_fresh else ""

    def check_guard(self) -> None:
        """Refuse a form of a machine, or without a good stamp; with another error it is shown again with one anyhow."""
        if not self.errors and (problem := self.UNKNOWN if self.is_suspicious else self.stamp_problem):
            raise ValidationError(str(problem))

    def show_again(self) -> None:
        """Prepare a form with errors for another try: with a good stamp, and with the hidden field empty."""
        self.restamp(renewed_stamp(self.stamp, page_id=self.PAGE))
        self.data.pop(TRAP_FIELD, None)

    def restamp(self, stamp: Stamp) -> None:
        """Set a new stamp in the form that is shown again."""
        self.data = self.data.copy()
        self.data[STAMP_FIELD] = stamp.signed()
