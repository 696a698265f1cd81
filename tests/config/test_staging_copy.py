"""A staging copy: nothing real of anybody stays in the database, and the site says what it is."""

import os
import re
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.db import connection, models
from django.db.models import Value
from django.db.models.functions import Cast, Concat
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import reverse
from post_office.models import Attachment, Log
from wagtail import hooks
from wagtail.admin.models import FormState
from wagtail.models import (
    Collection,
    CollectionViewRestriction,
    Comment,
    CommentReply,
    ModelLogEntry,
    Page,
    PageViewRestriction,
    Revision,
    UploadedFile,
)
from wagtail.users.models import UserProfile

from config.backup import in_use
from forms.models import Attachment as MessageFile
from forms.models import Submission, ThreadEntry
from home import mail_queue
from home.models import User
from home.staging import no_index
from policies.models import PersonalDataAccess
from policies.personal_data import register
from tests import factories
from tests.config.personal_columns import NOT_PERSONAL, PERSONAL, REST
from tests.config.production import COMPLETE, ROOT
from tests.config.raw_tables import where
from tests.policies.lived_site import LivedSite, approve, draft
from tests.policies.verifying import damage

if apps.is_installed("store"):  # the file is read on a site without a shop
    from store.models import Document, FindLink, Offer, Order, OrderEvent, Parcel, Refund, StripeEvent
    from store.payments import checks

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

MARK = "Quagmire"  # in all that is somebody's
TEXT = (models.CharField, models.TextField, models.JSONField, models.FileField, models.GenericIPAddressField)


def text_columns() -> dict[str, set[str]]:
    """Return every column that can hold words, by its model."""
    found = {
        model._meta.label: {
            field.name
            for field in model._meta.local_concrete_fields
            if isinstance(field, TEXT) and not field.choices
        }
        for model in apps.get_models(include_auto_created=True)
    }
    return {label: names for label, names in found.items() if names and not label.startswith("zeal.")}


def test_of_every_column_with_words_it_is_known_whether_they_are_personal() -> None:
    for label, names in text_columns().items():
        if label not in NOT_PERSONAL:
            assert PERSONAL[label] | REST.get(label, set()) == names, label


def test_everything_in_the_register_says_how_it_is_replaced() -> None:
    assert [entry.key for entry in register.registered() if entry.replace is None] == []


@pytest.fixture(autouse=True)
def _staging(settings: Any, tmp_path: Path) -> None:
    settings.STAGING = True
    settings.MEDIA_ROOT = str(tmp_path / "media")
    settings.STORAGES = {
        **settings.STORAGES,
        "private": {**settings.STORAGES["private"], "OPTIONS": {"location": str(tmp_path / "private")}},
    }


def staging_copy(**options: Any) -> str:
    out = StringIO()
    call_command("staging_copy", stdout=out, **options)
    return out.getvalue()


def fill(folder: Path) -> None:
    """Have a row in every table that holds something personal, and a mark in each of its columns."""
    site = LivedSite(folder)
    approve(draft(site.rules, "Be very kind.", user=site.editor), editor=site.editor, lawyer=site.lawyer)
    AccessAttempt.objects.create(ip_address="192.0.2.77", failures_since_start=1)
    for table in (AccessFailureLog, AccessLog):
        table.objects.create(ip_address="192.0.2.77")
    mail = mail_queue.queue(to=["a@example.org"], subject="x", text="y")
    Log.objects.create(email=mail, status=0)
    mail.attachments.create(name="x", file=ContentFile(b"x", f"{MARK}.txt"))
    PersonalDataAccess.objects.create(by="x", action="read", kind="store.orders", count=1)
    factories.basket(MUG=1)
    order = Order.objects.first()
    OrderEvent(order=order, happened_at=order.placed_at, by="x").save()
    FindLink.objects.create(email="a@example.org", created_at=order.placed_at)
    Offer.objects.create(basket=factories.basket(MUG=1), email="a@example.org", ends_at=order.placed_at)
    Refund.objects.create(order=order, amount=1, created_at=order.placed_at)
    Parcel.objects.create(order=order, sent_at=order.placed_at)
    paper = {"number": "INV-1", "issued_at": order.placed_at, "total": 1, "data": {}, "personal": {}}
    Document.objects.create(order=order, kind="invoice", pdf=ContentFile(b"x", f"{MARK}.pdf"), **paper)
    StripeEvent.objects.create(
        event_id="evt_1", livemode=False, created_at=order.placed_at, received_at=order.placed_at
    )
    page, user = Page.objects.get(pk=site.contact.pk), site.editor
    comment = Comment.objects.create(page=page, user=user, text="x", contentpath="intro")
    CommentReply.objects.create(comment=comment, user=user, text="x")
    PageViewRestriction.objects.create(page=page, restriction_type="password", password="x")
    CollectionViewRestriction.objects.create(
        collection=Collection.get_first_root_node(), restriction_type="password", password="x"
    )
    UploadedFile.objects.create(file=ContentFile(b"x", f"{MARK}.txt"), uploaded_by_user=user)
    kind = ContentType.objects.get_for_model(User)
    FormState.objects.create(
        user=user, content_type=kind, object_id="1", data="{}", last_updated_at=order.placed_at
    )
    UserProfile.get_for_user(user).avatar.save(f"{MARK}.png", ContentFile(b"x"))
    ModelLogEntry.objects.create(
        content_type=kind, object_id="1", timestamp=order.placed_at, action="wagtail.edit", label="x"
    )
    message = Submission.objects.first()
    ThreadEntry.objects.create(submission=message, kind="note", text="x", by="x")
    message.attachments.create(name="x", size=1, file=ContentFile(b"x", f"{MARK}.pdf"))
    site.contact.save_revision()
    Client().force_login(user)
    for label, names in PERSONAL.items():
        for name in names:
            mark(apps.get_model(label), name)


def mark(model: type[models.Model], name: str) -> None:
    rows, field = models.QuerySet(model), model._meta.get_field(name)
    assert rows.exists(), model
    if (model, name) == (Revision, "content"):
        for revision in rows:
            addresses = {"to_address": MARK, "from_address": MARK} if "to_address" in revision.content else {}
            comments = {"wagtail_admin_comments": [{"text": MARK, "replies": [{"text": MARK}]}]}
            rows.filter(pk=revision.pk).update(content={**revision.content, **addresses, **comments})
    elif isinstance(field, models.GenericIPAddressField | models.FileField):
        pass  # has one
    elif isinstance(field, models.JSONField):
        rows.update(**{name: {"x": MARK}})
    else:
        end = "@example.org" if isinstance(field, models.EmailField) else ""
        rows.update(**{name: Concat(Value(MARK), Cast("pk", models.CharField()), Value(end))})


@pytest.mark.both_databases
def test_nothing_real_of_anybody_stays(tmp_path: Path) -> None:
    fill(tmp_path)
    marked = {apps.get_model(label)._meta.db_table for label in PERSONAL} - {
        "django_session",
    }
    assert where(MARK.encode(), b"192.0.2.77") == marked
    files = [one.file for one in (*Attachment.objects.all(), *UploadedFile.objects.all())]
    files += [one.avatar for one in UserProfile.objects.exclude(avatar="")]
    files += [one.pdf for one in Document.objects.all()]
    files += [one.file for one in MessageFile.objects.all()]
    assert [file.storage.exists(file.name) for file in files] == [True] * 5
    said = staging_copy()
    assert where(MARK.encode(), b"192.0.2.77") == set()
    assert Session.objects.count() == 0
    assert "store.orders: replaced" in said
    assert not any(user.has_usable_password() for user in User.objects.all())
    assert len({order.email for order in Order.objects.all()}) == Order.objects.count() > 1
    assert [file.storage.exists(file.name) for file in files] == [False] * 5
    assert Submission.objects.count() > 1
    assert damage() == []
    staging_copy()  # may be done again


# --- Where it is not done --------------------------------------------------------------------------------
def test_a_site_that_is_not_for_staging_is_left_alone(settings: Any) -> None:
    User.objects.create_user("ed@example.com")
    settings.STAGING = False
    with pytest.raises(CommandError, match="set STAGING=true"):
        staging_copy()
    settings.STAGING = settings.IS_PRODUCTION = True
    name = str(connection.settings_dict["NAME"])
    for database in (None, "another"):
        with pytest.raises(CommandError, match=f"If it is the one: --database {re.escape(name)}"):
            staging_copy(database=database)
    assert User.objects.get().email == "ed@example.com"
    staging_copy(database=name)
    assert User.objects.get().email != "ed@example.com"


def test_a_running_site_is_left_alone() -> None:
    User.objects.create_user("ed@example.com")
    in_use.keep()
    with pytest.raises(CommandError, match="Stop the web processes and the worker first"):
        staging_copy()
    os.close(in_use._kept.pop())
    assert User.objects.get().email == "ed@example.com"


def test_what_cannot_be_replaced_leaves_rows_and_files_as_they_are() -> None:
    user = User.objects.create_user("ed@example.com")
    profile = UserProfile.get_for_user(user)
    profile.avatar.save("x.png", ContentFile(b"x"))
    upload = UploadedFile.objects.create(file=ContentFile(b"x", "x.txt"), uploaded_by_user=user)

    def fail() -> None:
        raise ZeroDivisionError

    for replace, error in ((None, CommandError), (fail, ZeroDivisionError)):
        last = register.PersonalData("z.last", "", "", "", keep=lambda: None, replace=replace)
        with (
            hooks.register_temporarily("register_personal_data", lambda last=last: [last]),
            pytest.raises(error),
        ):
            staging_copy()
        assert User.objects.get().email == "ed@example.com"
        assert UserProfile.objects.get().avatar.name == profile.avatar.name
        assert [one.storage.exists(one.name) for one in (profile.avatar, upload.file)] == [True, True]


# --- What such a site is ---------------------------------------------------------------------------------
def test_it_says_so_on_public_pages_and_in_the_admin(client: Client, settings: Any) -> None:
    words = "This is a copy for tests"
    admin = reverse("wagtailadmin_home")
    client.force_login(User.objects.create_superuser("owner@example.com"))
    for is_staging in (True, False):
        settings.STAGING = is_staging
        assert (words in client.get("/").content.decode()) == is_staging
        assert (words in client.get(admin).content.decode()) == is_staging
        assert (words in Client().get(reverse("wagtailadmin_login")).content.decode()) == is_staging


def test_search_engines_are_told_to_leave_it_alone() -> None:
    answer = no_index(lambda _request: HttpResponse())(HttpRequest())
    assert answer["X-Robots-Tag"] == "noindex, nofollow"


def test_it_does_not_start_with_a_key_that_takes_real_money(settings: Any) -> None:
    settings.STRIPE_SECRET_KEY = "sk_live_1"
    assert "store.E007" in [one.id for one in checks.payments_are_safe()]


def test_its_settings_follow_from_one(tmp_path: Path) -> None:
    code = (
        "import django; django.setup(); from django.conf import settings as s; from pathlib import Path\n"
        "print(s.POST_OFFICE['BACKENDS']['default'], s.MIDDLEWARE[1], s.STRIPE_TEST_MONEY, s.EMAIL_FILE_PATH)"
    )
    environment = {
        **COMPLETE,
        "STAGING": "true",
        "PYTHONPATH": f"{ROOT}:{ROOT / 'site'}",
        "ENV_FILE": os.devnull,
    }
    result = subprocess.run(
        [sys.executable, "-c", code],
        env={
            **environment,
            "DJANGO_SETTINGS_MODULE": "config.settings.production",
            "PATH": os.environ["PATH"],
        },
        capture_output=True,
        text=True,
        check=True,
    )
    backend, middleware, test_money, folder = result.stdout.split()
    assert backend == "home.mail_files.EmailBackend"
    assert (middleware, test_money) == ("home.staging.no_index", "True")
    assert Path(folder) == ROOT / "var/mail"
