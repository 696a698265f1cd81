from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('policies', '0013_days_have_a_limit'),
    ]

    operations = [
        migrations.AlterField(
            model_name='policyversion',
            name='previous_sha256',
            field=models.CharField(blank=True, max_length=64, verbose_name='SHA-256 of the version before'),
        ),
    ]
