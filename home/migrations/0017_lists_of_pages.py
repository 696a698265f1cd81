"""Indexes of pages for Wagtail's lists and reports, which else look through all pages: by date, type, and what is locked."""

from django.db import migrations

INDEXES = {
    "home_pages_by_date": "(depth, latest_revision_created_at DESC{last})",
    "home_pages_by_type": "(content_type_id, latest_revision_created_at DESC{last})",
    "home_pages_by_publication": "(last_published_at)",
    "home_pages_locked": "(locked_at) WHERE locked",
}


def make(_apps, schema_editor):
    last = "" if schema_editor.connection.vendor == "sqlite" else " NULLS LAST"  # as on SQLite anyway
    for name, on in INDEXES.items():
        schema_editor.execute(f"CREATE INDEX {name} ON wagtailcore_page {on.format(last=last)}")


def drop(_apps, schema_editor):
    for name in INDEXES:
        schema_editor.execute(f"DROP INDEX {name}")


class Migration(migrations.Migration):
    dependencies = [("home", "0016_pages_by_title")]
    operations = [migrations.RunPython(make, drop)]
