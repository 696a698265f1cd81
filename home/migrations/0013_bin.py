"""Pages that are deleted in the admin lie in a bin; the root of all pages has a name that people know."""

import django.db.models.deletion
from django.apps.registry import Apps
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def name_root(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    page, collection = apps.get_model("wagtailcore", "Page"), apps.get_model("wagtailcore", "Collection")
    page.objects.filter(depth=1, title="Root").update(title="All pages", draft_title="All pages")
    collection.objects.filter(depth=1, name="Root").update(name="All")


class Migration(migrations.Migration):
    dependencies = [("home", "0012_first_steps"), ("wagtailcore", "0097_baselogentry_uuid_action_timestamp_indexes")]

    operations = [
        migrations.CreateModel(
            name="BinnedPage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("put_at", models.DateTimeField(db_index=True)),
                (
                    "page",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="wagtailcore.page"
                    ),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="wagtailcore.page",
                    ),
                ),
                (
                    "put_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "page in the bin",
                "verbose_name_plural": "pages in the bin",
                "ordering": ("-put_at", "-pk"),
            },
        ),
        migrations.RunPython(name_root, migrations.RunPython.noop),
    ]
