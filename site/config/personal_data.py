"""Personal data in tables of third-party apps: queued mail, sign-ins, sessions, staff accounts and their log.

What an app of ours stores, that app describes.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import CharField, Model, Value
from django.db.models.functions import Cast, Concat
from django.utils.crypto import get_random_string
from django.utils.translation import gettext_lazy as _
from post_office.models import Email
from wagtail.admin.models import FormState
from wagtail.models import (
    COMMENTS_RELATION_NAME as COMMENTS,
)
from wagtail.models import (
    CollectionViewRestriction,
    Comment,
    ModelLogEntry,
    PageLogEntry,
    PageViewRestriction,
    Revision,
    TaskState,
    UploadedFile,
)
from wagtail.users.models import UserProfile

from config.sign_in import one_form
from home import mail_queue
from home.email_addresses import same_address
from home.models import User
from policies.personal_data.register import People, PersonalData, mentions

SIGN_IN_TABLES = (AccessAttempt, AccessFailureLog, AccessLog)
LOG_TABLES = (PageLogEntry, ModelLogEntry)


# --- Mail ------------------------------------------------------------------------------------------------
def _keep_mail() -> timedelta:
    return timedelta(days=settings.MAIL_KEEP_DAYS)


def _export_mail(email: str) -> Iterator[dict[str, Any]]:
    for mail in _mails_about(email):
        yield {
            "created": mail.created.isoformat(),
            "status": str(mail.get_status_display()),
            "from": mail.from_email,
            "to": [*mail.to, *mail.cc, *mail.bcc],
            "subject": mail.subject,
            "text": mail.message,
        }


def _mails_about(email: str) -> Iterator[Email]:
    """Yield the mails from, to or about an e-mail address."""
    for mail in Email.objects.order_by("pk").iterator():
        people = (mail.from_email, *mail.to, *mail.cc, *mail.bcc, *map(str, (mail.headers or {}).values()))
        if any(mentions(part, email) for part in (*people, mail.subject, mail.message, mail.html_message)):
            yield mail


# --- Signing in ------------------------------------------------------------------------------------------
def _keep_sign_ins() -> timedelta:
    return timedelta(days=settings.SIGN_IN_KEEP_DAYS)


def _expire_sign_ins(now: datetime) -> int:
    before = now - _keep_sign_ins()
    return sum(table.objects.filter(attempt_time__lt=before).delete()[0] for table in SIGN_IN_TABLES)


def _sign_ins_of(table: type[AccessAttempt | AccessFailureLog | AccessLog], email: str) -> Any:
    name = one_form(email)  # as attempts are counted; but not that of another address in ASCII
    found = same_address(name if name.isascii() == email.isascii() else email, "username")
    return table.objects.filter(found).order_by("attempt_time")


def _export_sign_ins(email: str) -> Iterator[dict[str, Any]]:
    for table in SIGN_IN_TABLES:
        for attempt in _sign_ins_of(table, email):
            yield {
                "kind": str(table._meta.verbose_name),
                "time": attempt.attempt_time.isoformat(),
                "ip_address": attempt.ip_address,
                "browser": attempt.user_agent,
            }


# --- Staff -----------------------------------------------------------------------------------------------
def _export_accounts(email: str) -> Iterator[dict[str, Any]]:
    for user in User.objects.filter(same_address(email)).prefetch_related("groups"):
        yield {
            "email": user.email,
            "name": user.get_full_name(),
            "joined": user.date_joined.isoformat(),
            "last_sign_in": user.last_login.isoformat() if user.last_login else None,
            "groups": [group.name for group in user.groups.all()],
            "is_administrator": user.is_superuser,
        }


def _export_staff_log(email: str) -> Iterator[dict[str, Any]]:
    for table in LOG_TABLES:
        for entry in table.objects.filter(same_address(email, "user__email")).order_by("timestamp"):
            yield {"time": entry.timestamp.isoformat(), "action": entry.action, "what": entry.label}


def _replace_accounts() -> None:
    """Give staff invented names and nobody a password; those of pages change too."""
    number = Cast("pk", CharField())
    for profile in UserProfile.objects.exclude(avatar="").iterator():
        transaction.on_commit(partial(profile.avatar.delete, save=False))
    UserProfile.objects.update(avatar="")
    User.objects.update(
        email=Concat(Value("staff"), number, Value("@example.com")),
        first_name="Staff",
        last_name=number,
        password=make_password(None),
    )
    for restriction in (PageViewRestriction, CollectionViewRestriction):
        restriction.objects.exclude(password="").update(password=get_random_string(22))


def _replace_staff_log() -> None:
    """Leave of the log which page was changed when, as the checks of policies ask; nothing that anybody wrote."""
    for upload in UploadedFile.objects.iterator():
        transaction.on_commit(partial(upload.file.delete, save=False))
    _delete_all(ModelLogEntry, Comment, FormState, UploadedFile)
    PageLogEntry.objects.update(data={})
    TaskState.objects.update(comment="")
    for draft in Revision.objects.iterator():
        if draft.content.get(COMMENTS):
            Revision.objects.filter(pk=draft.pk).update(content={**draft.content, COMMENTS: []})


def _delete_all(*tables: type[Model]) -> None:
    for table in tables:
        table._default_manager.all().delete()


# --- What the register is told ----------------------------------------------------------------------------
MAILS = PersonalData(
    key="mail.queue",
    label=_("E-mails sent by the site"),
    what=_("Address, subject, text and time of each e-mail that the site sends"),
    purpose=_("To send them, again if need be, and to answer questions about them"),
    keep=_keep_mail,
    export=_export_mail,
    erase=lambda email: mail_queue.delete(
        Email.objects.filter(pk__in=[mail.pk for mail in _mails_about(email)])
    ),
    expire=lambda now: mail_queue.delete_old(before=now - _keep_mail()),
    people=(People.CUSTOMERS, People.WRITERS, People.STAFF),
    replace=lambda: mail_queue.delete(Email.objects.all()),
    note=_("Found by the e-mail address in any part of the e-mail."),
)
SIGN_INS = PersonalData(
    key="sign-in.attempts",
    label=_("Attempts to sign in"),
    what=_("Address typed, network address, kind of browser and time"),
    purpose=_("To notice and stop guessing of passwords"),
    keep=_keep_sign_ins,
    export=_export_sign_ins,
    erase=lambda email: sum(_sign_ins_of(table, email).delete()[0] for table in SIGN_IN_TABLES),
    expire=_expire_sign_ins,
    people=(People.STAFF,),
    replace=lambda: _delete_all(*SIGN_IN_TABLES),
)
SESSIONS = PersonalData(
    key="sign-in.sessions",
    label=_("Sessions of those who are signed in"),
    what=_("A random key, the number of the account, and when the session ends"),
    purpose=_("To keep you signed in from page to page"),
    keep=lambda: timedelta(seconds=settings.SESSION_COOKIE_AGE),
    expire=lambda now: Session.objects.filter(expire_date__lt=now).delete()[0],
    people=(People.STAFF,),
    replace=lambda: _delete_all(Session),
    note=_("A session ends by itself and holds no address; it is worthless without its account."),
)
STAFF_ACCOUNTS = PersonalData(
    key="staff.accounts",
    label=_("Accounts of staff"),
    what=_("E-mail address, name, picture, password (hashed), rights, time of the last sign-in"),
    purpose=_("To let staff sign in, and to know who may do what"),
    keep=lambda: None,
    export=_export_accounts,
    people=(People.STAFF,),
    replace=_replace_accounts,
    note=_(
        "Deleted by an administrator when somebody leaves, never by a request: the site would lock itself."
    ),
)
STAFF_LOG = PersonalData(
    key="staff.log",
    label=_("Log of what staff did"),
    what=_("Which account created, changed, published or deleted what, and when"),
    purpose=_("To know who changed the site"),
    keep=lambda: None,
    export=_export_staff_log,
    people=(People.STAFF,),
    replace=_replace_staff_log,
    note=_("The log of the site stays. When an account goes, its entries stay without a name."),
)


def personal_data() -> list[PersonalData]:
    return [MAILS, SIGN_INS, SESSIONS, STAFF_ACCOUNTS, STAFF_LOG]
