import django.core.validators
from django.db import migrations

import store.vat.percent


class Migration(migrations.Migration):
    dependencies = [
        ('store', '0033_vat_countries'),
    ]

    operations = [
        migrations.AlterField(
            model_name='documentsum',
            name='percent',
            field=store.vat.percent.PercentField(decimal_places=3, max_digits=6, null=True),
        ),
        migrations.AlterField(
            model_name='orderline',
            name='vat_percent',
            field=store.vat.percent.PercentField(blank=True, decimal_places=3, max_digits=6, null=True, verbose_name='VAT in percent'),
        ),
        migrations.AlterField(
            model_name='vatrate',
            name='percent',
            field=store.vat.percent.PercentField(decimal_places=3, max_digits=6, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(99)], verbose_name='percent'),
        ),
    ]
