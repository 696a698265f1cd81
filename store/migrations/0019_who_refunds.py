from typing import Any

from django.db import migrations

# What a group needs for the whole work of a shop had been these, whatever it is called.
HAD = ("view_order", "change_order", "view_stockitem", "change_stockitem")
GETS = (
    ("order", "refund_order", "Can refund orders"),
    ("stripeevent", "view_stripeevent", "Can view Stripe event"),
    ("stripeevent", "change_stripeevent", "Can change Stripe event"),
)


def let_who_served_refund(apps: Any, _schema_editor: Any) -> None:
    """Give what a new site gives to groups that had every right in the shop which "Customer service" had."""
    groups = apps.get_model("auth", "Group").objects.all()
    for codename in HAD:
        groups = groups.filter(permissions__codename=codename, permissions__content_type__app_label="store")
    for group in list(groups):
        group.permissions.add(*(_permission(apps, *right) for right in GETS))


def _permission(apps: Any, model: str, codename: str, name: str) -> Any:
    """Return a permission; Django makes those of new models only after all migrations."""
    kind, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label="store", model=model
    )
    found, _ = apps.get_model("auth", "Permission").objects.get_or_create(
        content_type=kind, codename=codename, defaults={"name": name}
    )
    return found


class Migration(migrations.Migration):

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("store", "0018_disputes"),
    ]

    operations = [
        migrations.RunPython(let_who_served_refund, migrations.RunPython.noop, elidable=True),
    ]
