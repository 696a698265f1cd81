"""What the top layer knows of how personal data are protected, for the record of processing."""

from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.password_validation import password_validators_help_texts
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.backup import places
from policies.personal_data.processing import Safeguard, sends_by_smtp


def safeguards() -> list[Safeguard]:
    has_mail_over_tls = sends_by_smtp() and (settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL)
    return [
        Safeguard(_("Accounts with roles"), _accounts()),
        Safeguard(_("Sign-in"), _sign_in()),
        Safeguard(_("HTTPS"), _("On each page") if settings.SECURE_SSL_REDIRECT else ""),
        Safeguard(_("Encryption on the way to the mail server"), "TLS" if has_mail_over_tls else ""),
        Safeguard(_("Last backup"), _backup()),
    ]


def _accounts() -> str:
    staff = ModelBackend().with_perm("wagtailadmin.access_admin")
    everything, count = staff.filter(is_superuser=True).count(), staff.count()
    words = ngettext(
        "%(count)s account may enter the admin; accounts that may do everything: %(everything)s",
        "%(count)s accounts may enter the admin; accounts that may do everything: %(everything)s",
        count,
    )
    return words % {"count": count, "everything": everything}


def _sign_in() -> str:
    words = _("Locked for %(minutes)s minutes after %(times)s wrong passwords.")
    minutes = round(settings.AXES_COOLOFF_TIME * 60)
    locked = words % {"minutes": minutes, "times": settings.AXES_FAILURE_LIMIT}
    return " ".join([locked, *map(str, password_validators_help_texts())])


def _backup() -> str:
    if (last := places.last()) is None:
        return ""
    is_encrypted = _("encrypted") if settings.BACKUP_PASSPHRASE else _("not encrypted")
    return f"{date_format(timezone.localtime(last), 'DATETIME_FORMAT')}, {is_encrypted}"
