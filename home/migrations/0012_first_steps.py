"""Owners may dismiss the steps of the first day."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("home", "0011_pages_by_depth")]

    operations = [
        migrations.AddField(
            "brandsettings",
            "first_steps_dismissed",
            models.BooleanField(default=False, editable=False),
        ),
    ]
