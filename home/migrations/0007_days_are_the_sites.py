from typing import Any

from django.db import migrations


def forget_time_zones(apps: Any, _schema_editor: Any) -> None:
    """Let the admin speak of the site's days to everybody: nobody can choose a time zone any more."""
    apps.get_model("wagtailusers", "UserProfile").objects.exclude(current_time_zone="").update(current_time_zone="")


class Migration(migrations.Migration):

    dependencies = [
        ('home', '0006_plain_texts'),
        ('wagtailusers', '0007_userprofile_current_time_zone'),
    ]

    operations = [migrations.RunPython(forget_time_zones, migrations.RunPython.noop)]
