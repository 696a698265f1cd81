"""Invariant 4: a submission names the version of the privacy policy that stood under the form, and no other."""

from datetime import timedelta

import pytest
import time_machine
from django.db import models
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from post_office.models import Email

from forms.models import FormPage, Submission
from home import spam
from policies.models import Policy, PolicyVersion
from tests.forms.building import privacy_policy, publish, stamp_of
from tests.forms.conftest import Send

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases, pytest.mark.also_without_shop]


@pytest.fixture
def policy() -> Policy:
    """A privacy policy without any version."""
    return privacy_policy()


def shown_stamp(response: HttpResponse) -> str:
    """Return the stamp in the form that is shown."""
    return response.context["form"][spam.STAMP_FIELD].value()


def test_the_form_links_to_the_version_in_force(
    client: Client, contact_page: FormPage, policy: Policy
) -> None:
    publish(policy, "Old.", days_ago=9)
    now = publish(policy, "Now.", days_ago=1)
    publish(policy, "Later.", days_ago=-1)
    html = client.get("/contact/").content.decode()
    assert f'<a href="{now.get_absolute_url()}">“Privacy policy”, version 2</a>' in html
    assert "kept for 90 days" in html


def test_without_a_policy_it_promises_only_what_it_does(send: Send, client: Client) -> None:
    assert "version" not in client.get("/contact/").context["page"].title
    html = client.get("/contact/").content.decode()
    assert "How we use it" not in html
    assert send().status_code == 303
    assert Submission.objects.get().policy_version is None


def test_a_submission_keeps_the_version_in_force(send: Send, client: Client, policy: Policy) -> None:
    version = publish(policy, "Now.", days_ago=1)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        stamp = shown_stamp(client.get("/contact/"))
        clock.shift(timedelta(minutes=2))
        send(stamp=stamp)
    assert Submission.objects.get().policy_version == version


def test_a_submission_keeps_the_shown_version_if_another_took_over_meanwhile(
    send: Send, client: Client, policy: Policy
) -> None:
    shown = publish(policy, "Shown.", days_ago=1)
    coming = publish(policy, "Coming.", days_ago=-1 / 24)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        stamp = shown_stamp(client.get("/contact/"))
        clock.shift(timedelta(hours=2))
        assert policy.in_force() == coming
        send(stamp=stamp)
    assert Submission.objects.get().policy_version == shown


def test_a_form_shown_again_shows_and_names_the_new_version(
    send: Send, client: Client, policy: Policy
) -> None:
    publish(policy, "Shown.", days_ago=1)
    coming = publish(policy, "Coming.", days_ago=-1 / 24)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        stamp = shown_stamp(client.get("/contact/"))
        clock.shift(timedelta(hours=2))
        again = send(stamp=stamp, message="")
        assert "“Privacy policy”, version 2" in again.content.decode()
        send(stamp=shown_stamp(again))
    assert Submission.objects.get().policy_version == coming


def test_the_mail_names_the_version(send: Send, contact_page: FormPage, policy: Policy) -> None:
    version = publish(policy, "Now.", days_ago=1)
    send(stamp=stamp_of(contact_page, version=version))
    assert "Policy shown with the form: Privacy policy, version 1." in Email.objects.get().message


def test_a_version_that_was_shown_cannot_go(send: Send, contact_page: FormPage, policy: Policy) -> None:
    version = publish(policy, "Now.", days_ago=1)
    send(stamp=stamp_of(contact_page, version=version))
    with pytest.raises(models.ProtectedError):
        models.QuerySet(PolicyVersion).filter(pk=version.pk).delete()
