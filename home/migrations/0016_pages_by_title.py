"""An index of pages by their title: a list by name else looks through all pages."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("home", "0015_brand_colours")]
    operations = [
        migrations.RunSQL(
            "CREATE INDEX home_pages_by_title ON wagtailcore_page (LOWER(title))",
            "DROP INDEX home_pages_by_title",
        )
    ]
