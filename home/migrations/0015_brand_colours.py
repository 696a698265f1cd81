"""Two colours and a typeface of the trader's own; empty colours are the site's, as before."""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

IS_COLOUR = django.core.validators.RegexValidator(
    "^#[0-9a-fA-F]{6}\\Z", "Enter a colour as # and six digits or letters from a to f, for example #0f5240."
)


class Migration(migrations.Migration):
    dependencies = [("home", "0014_lists_and_people")]

    operations = [
        migrations.AddField(
            model_name="brandsettings",
            name="primary_colour",
            field=models.CharField(
                blank=True,
                help_text="Of the header, of links and buttons. White letters must be readable on it.",
                max_length=7,
                validators=[IS_COLOUR],
                verbose_name="main colour",
            ),
        ),
        migrations.AddField(
            model_name="brandsettings",
            name="accent_colour",
            field=models.CharField(
                blank=True,
                help_text="Of what stands out, for example the number at the basket. It must be seen on the main colour.",
                max_length=7,
                validators=[IS_COLOUR],
                verbose_name="second colour",
            ),
        ),
        migrations.AddField(
            model_name="brandsettings",
            name="typeface",
            field=models.CharField(
                choices=[
                    ("grotesque", "Plain, as Helvetica and Arial"),
                    ("humanist", "Friendly, as Gill Sans and Calibri"),
                    ("geometric", "Geometric, as Avenir and Century Gothic"),
                    ("rounded", "Rounded, as Arial Rounded"),
                    ("serif", "Book, as Charter and Cambria"),
                    ("slab", "Sturdy, as Rockwell"),
                ],
                default="grotesque",
                max_length=12,
                verbose_name="typeface",
            ),
        ),
        migrations.AlterField(
            model_name="brandsettings",
            name="logo",
            field=models.ForeignKey(
                blank=True,
                help_text=(
                    "Shown beside the name, best as SVG. Without one the name stands alone. If it is about as wide as "
                    "high, it is the site’s icon too."
                ),
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="home.siteimage",
                verbose_name="logo",
            ),
        ),
    ]
