"""E-mails that do not leave: a red tile on Today leads to them, and they can be sent again."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail as django_mail
from django.test import Client
from django.utils import timezone
from post_office.models import STATUS, Email

from home import mail_queue
from tests.config.dashboard import sign_in, tiles, today

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases, pytest.mark.also_without_shop]
LABEL = "E-mails not sent"
HOUR = timedelta(hours=1)


def mail(subject: str, *, hours: float = 0, **values: Any) -> Email:
    """Queue an e-mail, and make it so old."""
    made = mail_queue.queue(to=["ann@example.com"], subject=subject, text="x")
    then = timezone.now() - hours * HOUR
    Email.objects.filter(pk=made.pk).update(created=then, last_updated=then, **values)
    return made


def test_a_tile_counts_what_waits_for_long_or_was_given_up_and_leads_to_it(client: Client) -> None:
    mail("Fresh")
    mail("Sent", hours=2, status=STATUS.sent)
    mail("Long ago given up", hours=24 * 8, status=STATUS.failed)
    with django_mail.get_connection("home.mail_queue.EmailBackend") as queue_of_django:
        django_mail.send_mail("Password", "x", None, ["o@example.com"], connection=queue_of_django)
    Email.objects.filter(subject="Password").update(created=timezone.now() - 2 * HOUR)
    sign_in(client, "Customer service")
    assert tiles(today(client))[LABEL] == "0"

    stuck = [
        mail("Waits", hours=2),
        mail("Tried", hours=2, status=STATUS.requeued, scheduled_time=timezone.now() + HOUR),
        mail("Given up", hours=2, status=STATUS.failed),
    ]
    html = today(client)
    assert tiles(html)[LABEL] == "3"
    assert html.count("tile--alarm") == 1, "no other light tells of the same e-mails"
    page = client.get("/admin/mails/?stuck=yes").content.decode()
    shown = {pk for pk in Email.objects.values_list("pk", flat=True) if f"/admin/mails/inspect/{pk}/" in page}
    assert shown == {one.pk for one in stuck}


def test_sent_again_it_goes_out(client: Client, mailoutbox: list) -> None:
    failed = mail("Given up", hours=2, status=STATUS.failed, number_of_retries=12)
    sign_in(client, "Customer service")
    client.post(f"/admin/mails/{failed.pk}/send-again/")
    mail_queue.send_due()
    assert [one.subject for one in mailoutbox] == ["Given up"]
    assert tiles(today(client))[LABEL] == "0"


def test_who_may_not_read_e_mails_has_no_tile(client: Client) -> None:
    mail("Waits", hours=2)
    sign_in(client, "Editors")
    assert LABEL not in today(client)
