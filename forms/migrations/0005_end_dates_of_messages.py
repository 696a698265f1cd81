"""Give each message its end date, its status, and the e-mail address in it.

What is a month old has been answered by e-mail, or never will be; only newer messages wait for an answer.
"""

import re
from datetime import timedelta

from django.db import migrations
from django.db.models import F
from django.utils import timezone

_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+\Z")
_BATCH = 2000
_MONTH = timedelta(days=30)


def fill(apps, schema_editor):
    submissions = apps.get_model("forms", "Submission").objects
    submissions.filter(submit_time__lt=timezone.now() - _MONTH).update(status="done")
    submissions.filter(is_suspicious=True).update(status="spam")
    # Values only: Wagtail cannot make an instance of a form page as migrations know it.
    for page, days in apps.get_model("forms", "FormPage").objects.values_list("pk", "keep_days"):
        submissions.filter(page_id=page).update(expires_at=F("submit_time") + timedelta(days=days))
    rows, last = submissions.order_by("pk").values_list("pk", "form_data"), 0
    with schema_editor.connection.cursor() as cursor:
        while batch := list(rows.filter(pk__gt=last)[:_BATCH]):
            last = batch[-1][0]
            found = [(address, pk) for pk, answers in batch if (address := _address(answers))]
            cursor.executemany("UPDATE forms_submission SET email = %s WHERE id = %s", found)


def _address(answers):
    values = answers.values() if isinstance(answers, dict) else ()
    found = (value.lower() for value in values if isinstance(value, str) and _ADDRESS.match(value))
    return next((value for value in found if len(value) <= 254), "")


def mark_again(apps, schema_editor):
    apps.get_model("forms", "Submission").objects.filter(status="spam").update(is_suspicious=True)


class Migration(migrations.Migration):

    dependencies = [
        ("forms", "0004_threads_and_files"),
    ]

    operations = [
        migrations.RunPython(fill, mark_again),
    ]
