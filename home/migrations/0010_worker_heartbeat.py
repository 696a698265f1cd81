"""When a worker last did something: one row."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('home', '0009_pages_that_expire'),
    ]

    operations = [
        migrations.CreateModel(
            name='WorkerHeartbeat',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(verbose_name='at')),
            ],
            options={
                'verbose_name': 'heartbeat of the worker',
            },
        ),
    ]
