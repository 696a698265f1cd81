"""Versions as files of plain text, for e-mails that keep what somebody accepted or was shown."""

import logging

from django.conf import settings
from django.template.loader import render_to_string

from home.mail_attachments import File, Kind
from policies.ledger.encoding import DamagedRecordError
from policies.models import PolicyVersion

logger = logging.getLogger(__name__)
KEY = "policy"


def reference(version: PolicyVersion) -> str:
    """Return the name by which a mail attaches a version."""
    return f"{KEY}:{version.policy.slug}/{version.number}"


def make(name: str) -> File | None:
    """Return the frozen text of a version by slug and number; None where its record was damaged."""
    slug, _slash, number = name.rpartition("/")
    version = PolicyVersion.objects.select_related("policy").get(policy__slug=slug, number=number)
    try:
        context = {"version": version, "text": version.text, "site_url": settings.SITE_URL}
    except DamagedRecordError:  # which the daily check reports; the mail it belongs to must not wait
        logger.exception("%s cannot be attached.", version)
        return None
    text = render_to_string("policies/frozen_text.txt", context)
    return File(f"{slug}-version-{number}.txt", text, "text/plain")


FROZEN_TEXTS = Kind(KEY, make)
