"""The record of processing says what the registers and the settings say, on the page and as a file."""

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings as site_settings
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone
from wagtail.models import Site

from config.backup import places
from home.models import BrandSettings, WorkerHeartbeat
from home.templatetags.time_tags import period
from policies.models import Recipient
from policies.personal_data import processing, register
from policies.personal_data.processing import Part, Row
from tests.factories import declare_cookies, outside_services
from tests.staff import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.also_without_shop]

URL = "/admin/policies/processing/"


def rows(part: Part) -> dict[str, Row]:
    return {row.name: row for row in processing.record() if row.part == part}


def safeguards() -> dict[str, str]:
    return {name: row.note for name, row in rows(Part.SAFEGUARD).items()}


def test_each_kind_of_data_is_there_with_what_the_policy_prints_and_whose_it_is() -> None:
    found = rows(Part.PROCESSING)
    assert [*found] == [stated["label"] for stated in register.as_fact()]
    for stated, row in zip(register.as_fact(), found.values(), strict=True):
        kept = "As long as the purpose lasts" if stated["days"] is None else period(stated["days"])
        assert (row.purpose, row.data, row.kept) == (stated["purpose"], stated["what"], kept)
        assert row.people, f"Say whose data {stated['key']} are: PersonalData(people=…)."


def test_who_receives_data_is_there_as_long_as_the_site_uses_them(settings: Any) -> None:
    assert "Not yet stated" in rows(Part.RECIPIENT)["–"].note
    Recipient.objects.create(
        name="Royal Post", data="Addresses", purpose="To deliver", country="UK", contract="Of 2026"
    )
    category = declare_cookies()
    outside_services(analytics="plausible", plausible_domain="shop.example", analytics_category=category)
    settings.POST_OFFICE = {"BACKENDS": {"default": "home.smtp.EmailBackend"}}
    settings.EMAIL_HOST = "mail.example.net"
    found = rows(Part.RECIPIENT)
    assert (found["Royal Post"].data, found["Royal Post"].note) == ("Addresses", "Of 2026")
    assert {"Plausible", "mail.example.net"} < found.keys()
    assert ("Stripe" in found) == apps.is_installed("store")
    outside_services(analytics="")
    settings.POST_OFFICE = site_settings.POST_OFFICE | {
        "BACKENDS": {"default": "home.mail_files.EmailBackend"}
    }
    assert not {"Plausible", "mail.example.net", "–"} & rows(Part.RECIPIENT).keys()


def test_who_is_responsible_is_the_brand() -> None:
    assert "Not yet stated" in next(iter(rows(Part.CONTROLLER).values())).note
    brand = BrandSettings.for_site(Site.objects.get())
    brand.legal_name, brand.street, brand.city, brand.email = (
        "Jomso Ltd",
        "1 High Street",
        "Leeds",
        "a@jomso.example",
    )
    brand.save()
    assert "1 High Street, Leeds" in rows(Part.CONTROLLER)["Jomso Ltd"].note


def test_what_protects_data_is_said_as_it_is_and_not_where_it_is_not(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "roots", lambda: {"private": tmp_path})
    settings.SECURE_SSL_REDIRECT, settings.AXES_FAILURE_LIMIT = False, 5
    before = safeguards()
    assert "after 5 wrong passwords. Your password" in before["Sign-in"]
    assert "1 account may enter" in {**before, **_with_owner()}["Accounts with roles"]
    gone = ("Last backup", "HTTPS", "Deletion at the end of each period")
    assert [before[name] for name in gone] == ["Not in place"] * 3
    settings.SECURE_SSL_REDIRECT, settings.BACKUP_PASSPHRASE = True, "a passphrase"
    places.note(timezone.now(), 1)
    WorkerHeartbeat.beat()
    after = safeguards()
    assert after["Last backup"].endswith(", encrypted")
    assert "Not in place" not in [after[name] for name in gone]


def _with_owner() -> dict[str, str]:
    signed_in(is_superuser=True)
    return safeguards()


def test_the_page_and_the_file_say_the_same_and_no_cell_is_a_formula(owner: Client) -> None:
    Recipient.objects.create(name="=1+1", data="Addresses", purpose="To deliver", country="UK", contract="–")
    page = owner.get(URL).content.decode()
    file = owner.get(URL, {"export": "csv"})
    head, *lines = csv.reader(io.StringIO(file.content.decode("utf-8-sig")))
    assert [len(line) for line in lines] == [len(head)] * len(processing.record())
    assert "'=1+1" in [line[1] for line in lines]
    assert "attachment" in file.headers["Content-Disposition"]
    for name in ("Cookie choices", "Last backup", "Visitors of the site", "=1+1"):
        assert name in page


def test_who_may_read_the_log_of_access_may_read_it_and_nobody_else() -> None:
    clerk = signed_in("view_email")
    assert clerk.get(URL).status_code == clerk.get(URL, {"export": "csv"}).status_code == 302
    assert URL not in clerk.get("/admin/").content.decode()
    clerk.get("/admin/").wsgi_request.user.user_permissions.add(
        Permission.objects.get(codename="view_personaldataaccess")
    )
    assert clerk.get(URL).status_code == 200
    assert URL in clerk.get("/admin/").content.decode()
