"""An index of the pages that expire: each finished page asks for the next of them, and Wagtail has none."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("home", "0008_telephone_is_a_number"),
        ("wagtailcore", "0097_baselogentry_uuid_action_timestamp_indexes"),
    ]
    operations = [
        migrations.RunSQL(
            "CREATE INDEX home_pages_that_expire ON wagtailcore_page (expire_at) WHERE expire_at IS NOT NULL",
            "DROP INDEX home_pages_that_expire",
        )
    ]
