"""The consent cookie: how it is written and read, and the record that it names.

A cookie proves nothing by itself: `record_of` trusts it only where the record says the same. What follows from a
choice is decided in `policies.consent.choices`.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse

from policies.consent.notices import VARNAME
from policies.models import ConsentRecord

COOKIE_NAME = "consent"
MAX_LENGTH = 300  # characters; a longer cookie was not written by this site

_COOKIE = re.compile(
    # Format 1 did not say whether a Global Privacy Control signal was there.
    r"(?:1|2\.(?P<gpc>[01]))\.(?P<id>[0-9a-f]{32})\.(?P<version>[1-9][0-9]{0,8})"
    rf"\.(?P<choices>{VARNAME.pattern}-[01](?:_{VARNAME.pattern}-[01])*)\.(?P<expires>[1-9][0-9]{{9}})",
    re.ASCII,
)


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What a consent cookie claims. Only `record_of` tells whether it is true."""

    record_id: UUID
    version: int
    choices: dict[str, bool]
    expires: int  # seconds since 1970
    gpc: bool = False  # made while a Global Privacy Control signal was there


def parse(value: str | None) -> Choice | None:
    """Read a consent cookie. Returns None unless it is exactly in our format."""
    if not value or len(value) > MAX_LENGTH:
        return None
    found = _COOKIE.fullmatch(value)
    if not found:
        return None
    pairs = [pair.rpartition("-") for pair in found["choices"].split("_")]
    names = [name for name, _, _ in pairs]
    if names != sorted(set(names)):
        return None
    return Choice(
        record_id=UUID(found["id"]),
        version=int(found["version"]),
        choices={name: state == "1" for name, _, state in pairs},
        expires=int(found["expires"]),
        gpc=found["gpc"] == "1",
    )


def cookie_for(record: ConsentRecord) -> str:
    choices = "_".join(f"{name}-{int(is_on)}" for name, is_on in sorted(record.choices.items()))
    expires = int(record.expires_at.timestamp())
    form = {None: "1", False: "2.0", True: "2.1"}.get(record.gpc)
    return f"{form}.{record.public_id.hex}.{record.notice_version.number}.{choices}.{expires}"


def set_cookie(response: HttpResponse, record: ConsentRecord) -> None:
    """Keep the choice of a record in the browser, readable by our script, for as long as the choice stands."""
    response.set_cookie(
        COOKIE_NAME,
        cookie_for(record),
        max_age=record.expires_at - record.created_at,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
    )


def delete_cookie(response: HttpResponse) -> None:
    response.delete_cookie(COOKIE_NAME, samesite="Lax")


def sent_cookie(header: str) -> str | None:
    """Read the consent cookie from a Cookie header. Returns None if it is there twice: one of them is not ours."""
    pairs = (pair.strip().partition("=") for pair in header.split(";"))
    found = [value for name, _, value in pairs if name == COOKIE_NAME]
    return found[0] if len(found) == 1 else None


def record_of(cookie: str | None, *, now: datetime) -> ConsentRecord | None:
    """Return the record that a cookie names, or None if no such record exists or it differs from the cookie."""
    choice = parse(cookie)
    if choice is None or choice.expires <= now.timestamp():
        return None
    records = ConsentRecord.objects.select_related("notice_version__policy")
    record = records.filter(public_id=choice.record_id).first()
    # The choices first: SQL can have left there what no cookie can say.
    return record if record and record.choices == choice.choices and cookie_for(record) == cookie else None
