import django.db.models.deletion
from django.db import migrations, models
from django.utils import timezone


def begin(apps, schema_editor):
    """Tell of what comes from now on: staff had the suspected messages from before in their list."""
    pages = apps.get_model("forms", "FormPage").objects.values_list("pk", flat=True)
    digests = apps.get_model("forms", "SpamDigest").objects
    digests.bulk_create([digests.model(page_id=page, sent_at=timezone.now()) for page in pages])


class Migration(migrations.Migration):

    dependencies = [
        ('forms', '0007_who_answers'),
    ]

    operations = [
        migrations.CreateModel(
            name='SpamDigest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sent_at', models.DateTimeField(null=True, verbose_name='time')),
                ('page', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='forms.formpage')),
            ],
            options={
                'verbose_name': 'digest of suspected messages',
                'verbose_name_plural': 'digests of suspected messages',
            },
        ),
        migrations.RunPython(begin, migrations.RunPython.noop),
    ]
