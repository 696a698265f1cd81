"""The receipt that a visitor keeps of a choice, as plain data; its fields follow ISO/IEC TS 27560.

All that it says of the text and the categories comes from the frozen version that the record names. It says nothing
of who the visitor is: the site does not know.
"""

from collections.abc import Callable
from typing import Any

from django.urls import reverse

from home.models import BrandSettings
from policies.consent.notices import Category, categories_of
from policies.ledger.encoding import timestamp
from policies.ledger.proof import Proofs
from policies.models import ConsentRecord

SCHEMA_VERSION = "1"


def receipt(record: ConsentRecord, *, absolute: Callable[[str], str]) -> dict[str, Any]:
    """Return one record in full. `absolute` turns a path of the site into a URL."""
    version = record.notice_version
    record_url = reverse("policies:record", args=[version.policy.slug, version.number])
    return {
        "schema_version": SCHEMA_VERSION,
        "based_on": "ISO/IEC TS 27560",
        "record_id": str(record.public_id),
        "principal_id": None,
        "controller": _controller(),
        "notice": {
            "title": version.title,
            "version": version.number,
            "language": version.content["language"],
            "url": absolute(version.get_absolute_url()),
            "record_url": absolute(record_url),
            "sha256": version.sha256,
        },
        "purposes": [
            _purpose(category, is_on=record.choices[category.varname])
            for category in categories_of(version.facts)
            if category.varname in record.choices
        ],
        "event": {
            "type": "explicit",
            "method": record.method,
            "gpc": record.gpc,
            "time": timestamp(record.created_at),
            "valid_until": timestamp(record.expires_at),
        },
        "withdrawal_url": absolute(reverse("policies:cookies")),
        "proof": Proofs().or_reason(record),
    }


def _controller() -> dict[str, str]:
    brand = BrandSettings.current()
    return {
        "name": brand.legal_name or brand.name,
        "address": ", ".join(brand.address_lines[1:]),
        "email": brand.email,
        "phone": brand.phone,
    }


def _purpose(category: Category, *, is_on: bool) -> dict[str, Any]:
    return {
        "id": category.varname,
        "name": category.name,
        "description": category.description,
        "state": "granted" if is_on else "refused",
        "storage": [
            {
                "name": cookie.name,
                "kind": cookie.storage,
                "party": cookie.party,
                "provider": cookie.provider,
                "retention": cookie.duration,
                "purpose": cookie.purpose,
            }
            for cookie in category.cookies
        ],
    }
