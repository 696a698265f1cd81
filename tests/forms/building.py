"""Forms, policies and stamps for these tests, made through the site's own functions."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from forms.models import FormField, FormPage, Submission
from home import spam
from policies.models import Policy, PolicyVersion
from tests.factories import home_page, version

ANSWERS = {"your_name": "A visitor", "e_mail": "visitor@example.com", "message": "Do you sell kettles?"}


def form_page(title: str = "Contact", **fields: Any) -> FormPage:
    """Publish a form with name, e-mail and message that tells the shop."""
    values = {"to_address": "shop@example.com, boss@example.com", "keep_days": 90, **fields}
    page = FormPage(**{"title": title, "slug": title.lower(), **values})
    page.form_fields = [
        FormField(label="Your name", field_type="singleline", required=True, sort_order=1),
        FormField(label="E-mail", field_type="email", required=True, sort_order=2),
        FormField(label="Message", field_type="multiline", required=True, sort_order=3),
    ]
    home_page().add_child(instance=page)
    page.save_revision().publish()
    return FormPage.objects.get(pk=page.pk)


def add_field(page: FormPage, label: str, field_type: str, **options: Any) -> str:
    """Add a field to a page and return its name."""
    field = FormField.objects.create(page=page, label=label, field_type=field_type, sort_order=99, **options)
    return field.clean_name


def privacy_policy() -> Policy:
    """Make a privacy policy that has no version yet."""
    return Policy.objects.create(
        slug="privacy-policy", kind=Policy.Kind.PRIVACY, title="Privacy policy", language="en-gb"
    )


def publish(policy: Policy, words: str, *, days_ago: float = 0) -> PolicyVersion:
    """Make a version of the policy, in force since then (or, with a negative number, from then on)."""
    return version(
        policy, at=timezone.now() - timedelta(days=days_ago), html=f"<p>{words}</p>", title=policy.title
    )


def stamp_of(page: FormPage, *, seconds: float = 10, version: PolicyVersion | None = None) -> str:
    """Return the stamp of a form that was shown so many seconds ago."""
    shown = spam.new_stamp(page_id=page.pk, version_id=version.pk if version else None)
    values = {"page_id": shown.page_id, "version_id": shown.version_id, "token": shown.token}
    return spam.Stamp(**values, at=shown.at - seconds).signed()


def sent(page: FormPage, *, message: str = ANSWERS["message"], **fields: Any) -> Submission:
    """Make a message that was sent with a form with these answers; other fields by keyword."""
    answers = {**ANSWERS, "message": message}
    values = {"form_data": answers, "email": "visitor@example.com", "name": "A visitor", **fields}
    return Submission.objects.create(page=page, **values)
