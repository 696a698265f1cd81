"""Groups that read messages may answer them."""

from django.db import migrations

RIGHT = {"codename": "answer_submission"}
NAME = "Can answer messages, assign them and change their status"


def let_readers_answer(apps, schema_editor):
    kinds = apps.get_model("contenttypes", "ContentType").objects
    groups = apps.get_model("auth", "Group").objects.filter(
        permissions__content_type__app_label="forms", permissions__codename="view_submission"
    )
    for group in list(groups):
        kind, _ = kinds.get_or_create(app_label="forms", model="submission")
        # Django makes permissions only after all migrations.
        permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
            content_type=kind, **RIGHT, defaults={"name": NAME}
        )
        group.permissions.add(permission)


class Migration(migrations.Migration):

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("forms", "0006_status_instead_of_suspicion"),
    ]

    operations = [
        migrations.RunPython(let_readers_answer, migrations.RunPython.noop, elidable=True),
    ]
