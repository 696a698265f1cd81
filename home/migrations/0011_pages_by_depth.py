"""An index of pages by their depth: the main menu, and each screen of the admin, else look through all pages."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("home", "0010_worker_heartbeat")]
    operations = [
        migrations.RunSQL(
            "CREATE INDEX home_pages_by_depth ON wagtailcore_page (depth, path)",
            "DROP INDEX home_pages_by_depth",
        )
    ]
