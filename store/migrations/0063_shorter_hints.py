import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

import store.catalogue.fields


class Migration(migrations.Migration):
    dependencies = [("store", "0062_lists_by_index")]

    operations = [
        migrations.AlterField(
            model_name="productpage",
            name="vat_class",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="store.vatclass",
                verbose_name="VAT class",
            ),
        ),
        migrations.AlterField(
            model_name="productvariant",
            name="price",
            field=store.catalogue.fields.PriceField(
                db_index=True, help_text="Tax included. Empty: as the first.", verbose_name="price"
            ),
        ),
        migrations.AlterField(
            model_name="productvariant",
            name="sku",
            field=models.CharField(
                blank=True,
                db_index=True,
                help_text="Left empty, one is made.",
                max_length=40,
                verbose_name="article number (SKU)",
            ),
        ),
        migrations.AlterField(
            model_name="vatrate",
            name="vat_class",
            field=models.ForeignKey(
                blank=True,
                help_text="The standard rate is for everything without a rate of its own in this country.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="rates",
                to="store.vatclass",
                verbose_name="VAT class",
            ),
        ),
    ]
