from typing import Any

from django.db import migrations, models


def name_sessions(apps: Any, _schema_editor: Any) -> None:
    apps.get_model("store", "StripeEvent").objects.exclude(object_id="").update(object_kind="checkout.session")


class Migration(migrations.Migration):

    dependencies = [
        ("store", "0013_lists_by_index"),
    ]

    operations = [
        migrations.RenameField(model_name="stripeevent", old_name="session_id", new_name="object_id"),
        migrations.AlterField(
            model_name="stripeevent",
            name="object_id",
            field=models.CharField(blank=True, db_index=True, max_length=255, verbose_name="Stripe object"),
        ),
        migrations.AddField(
            model_name="stripeevent",
            name="object_kind",
            field=models.CharField(blank=True, default="", max_length=40, verbose_name="about"),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="stripeevent",
            name="payment_intent_id",
            field=models.CharField(
                blank=True, db_index=True, default="", max_length=255, verbose_name="Stripe payment"
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="stripeevent",
            name="tried_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="last tried"),
        ),
        migrations.RunPython(name_sessions, migrations.RunPython.noop, elidable=True),
    ]
