"""The spam guard of public forms: a field that only machines fill in, a signed stamp, and a limit for each client.

The stamp says which page was shown, when, and which privacy policy stood under the form; so a submission names the
version that the visitor was shown, even if another one took effect meanwhile. Nothing is ever dropped in silence: a
person taken for a machine reads what to do, and what only looks suspicious is kept and marked.
"""

import uuid
from dataclasses import asdict, dataclass, replace
from datetime import timedelta

from django.core.signing import BadSignature, Signer
from django.utils import timezone

from home.throttling import Limit

# Editors' fields are named in snake case, so a name with a hyphen is never one of theirs.
TRAP_FIELD = "your-website"
STAMP_FIELD = "form-stamp"

FASTEST = timedelta(seconds=2)
OLDEST = timedelta(hours=24)
LIMIT = Limit("form-submissions", most=10, window=timedelta(hours=1))  # from one client

_signer = Signer(salt="forms.spam.stamp")


@dataclass(frozen=True, kw_only=True)
class Stamp:
    """What was shown with a form: `version_id` is the privacy policy's, `at` Unix seconds."""

    page_id: int | None
    version_id: int | None
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


def new_stamp(*, page_id: int | None, version_id: int | None) -> Stamp:
    """Stamp a form that is shown for the first time."""
    now = timezone.now().timestamp()
    return Stamp(page_id=page_id, version_id=version_id, token=uuid.uuid4().hex, at=now)


def renewed_stamp(earlier: Stamp | None, *, page_id: int | None, version_id: int | None) -> Stamp:
    """Stamp a form that is shown again after an error: it is still the same form, as old as it was."""
    if earlier and not earlier.is_too_old:
        return replace(earlier, version_id=version_id)
    fresh = new_stamp(page_id=page_id, version_id=version_id)
    # Who reads an error message has waited already.
    return replace(fresh, at=fresh.at - FASTEST.total_seconds())


def read_stamp(text: str, *, page_id: int | None) -> Stamp | None:
    """Return the stamp, or None if it is forged, missing or another page's."""
    try:
        stamp = Stamp(**_signer.unsign_object(text))
    except (BadSignature, TypeError, ValueError):
        return None
    return stamp if stamp.page_id == page_id else None
