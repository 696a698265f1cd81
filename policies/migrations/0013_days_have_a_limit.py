import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('policies', '0012_what_owners_were_told'),
    ]

    operations = [
        migrations.AlterField(
            model_name='policysettings',
            name='notice_days',
            field=models.PositiveSmallIntegerField(default=30, help_text='How long before it takes effect a change of meaning should be announced. 0: not at all.', validators=[django.core.validators.MaxValueValidator(366)], verbose_name='notice period, in days'),
        ),
        migrations.AlterField(
            model_name='policysettings',
            name='reminder_days',
            field=models.PositiveSmallIntegerField(default=3, help_text='Again after as many days, until somebody approves or returns the draft. 0: never.', validators=[django.core.validators.MaxValueValidator(366)], verbose_name='remind reviewers after, in days'),
        ),
    ]
