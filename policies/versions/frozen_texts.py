"""Versions as files of plain text, for e-mails that keep what somebody accepted or was shown."""

import logging

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from home.mail_attachments import File, Kind
from policies.ledger.encoding import DamagedRecordError
from policies.models import PolicyVersion

logger = logging.getLogger(__name__)
KEY = "policy"


def reference(version: PolicyVersion) -> str:
    """Return the name by which a mail attaches a version."""
    return f"{KEY}:{version.policy.slug}/{version.number}"


def make(name: str) -> File | None:
    """Return the frozen text of a version by slug and number, or what to do where its record was damaged."""
    slug, _slash, number = name.rpartition("/")
    version = PolicyVersion.objects.select_related("policy").filter(policy__slug=slug, number=number).first()
    if version is None:
        logger.error("%s cannot be attached: it is not there.", name)
        return None
    try:
        words = version.text
    except DamagedRecordError:  # which the daily check reports; the mail it belongs to must not wait
        logger.exception("%s cannot be attached.", version)
        words = _(
            "This text cannot be read at the moment. If you need it, answer this e-mail: we will send it."
        )
    context = {"version": version, "text": words, "site_url": settings.SITE_URL}
    text = render_to_string("policies/frozen_text.txt", context)
    return File(f"{slug}-version-{number}.txt", text, "text/plain")


FROZEN_TEXTS = Kind(KEY, make)
