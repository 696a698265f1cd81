import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('policies', '0015_lists_and_sums'),
    ]

    operations = [
        migrations.CreateModel(
            name='PersonalDataAccess',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(db_index=True, default=django.utils.timezone.now, verbose_name='time')),
                ('by', models.CharField(max_length=254, verbose_name='who')),
                ('action', models.CharField(choices=[('read', 'read'), ('search', 'searched'), ('export', 'exported'), ('erase', 'erased')], max_length=10, verbose_name='what was done')),
                ('kind', models.CharField(max_length=60, verbose_name='kind of data')),
                ('count', models.PositiveIntegerField(verbose_name='how many')),
                ('user', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='account')),
            ],
            options={
                'verbose_name': 'access to personal data',
                'verbose_name_plural': 'accesses to personal data',
                'ordering': ['-at', '-pk'],
                'abstract': False,
                'base_manager_name': 'objects',
                'indexes': [models.Index(fields=['user', '-at'], name='access_user'), models.Index(fields=['kind', '-at'], name='access_kind')],
            },
        ),
    ]
