"""The status says what is spam, and each message has an end date. Its indexes come last, when all rows are filled."""

from django.db import migrations, models

import forms.models.messages


class Migration(migrations.Migration):

    dependencies = [
        ("forms", "0005_end_dates_of_messages"),
    ]

    operations = [
        migrations.RemoveField(
            model_name="submission",
            name="is_suspicious",
        ),
        migrations.AlterField(
            model_name="submission",
            name="expires_at",
            field=models.DateTimeField(
                db_index=True, default=forms.models.messages.in_a_year, verbose_name="kept until"
            ),
        ),
        migrations.AddIndex(
            model_name="submission",
            index=models.Index(fields=["status", "-submit_time"], name="submission_by_status"),
        ),
        migrations.AddIndex(
            model_name="submission",
            index=models.Index(
                fields=["subject_kind", "subject_key", "submit_time", "status"], name="submission_about"
            ),
        ),
        migrations.AddIndex(
            model_name="submission",
            index=models.Index(
                condition=models.Q(("rating__isnull", False)),
                fields=["page", "submit_time", "rating", "status"],
                name="submission_ratings",
            ),
        ),
    ]
