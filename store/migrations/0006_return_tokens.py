"""A secret of its own for the ways back from the payment page.

Pages that are open while this runs lead back by the order's own token, so that is what their orders get.
"""

import store.models.tokens
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def keep_open_ways_back(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("store", "Order").objects.update(return_token=models.F("token"))


class Migration(migrations.Migration):

    dependencies = [
        ("store", "0005_stock_constraints_that_repeat_fields"),
    ]

    operations = [
        migrations.AddField(
            model_name="order",
            name="return_token",
            field=models.CharField(editable=False, max_length=43, null=True),
        ),
        migrations.RunPython(keep_open_ways_back, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="order",
            name="return_token",
            field=models.CharField(default=store.models.tokens.new_token, editable=False, max_length=43, unique=True),
        ),
    ]
