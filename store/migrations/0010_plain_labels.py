from django.db import migrations, models


# Only labels and a field's name in Python: nothing changes in the database.
class Migration(migrations.Migration):

    dependencies = [
        ('store', '0009_marked_for_a_second_look'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RenameField('order', 'sender', 'client_fingerprint'),
                migrations.AlterField(
                    model_name='order',
                    name='client_fingerprint',
                    field=models.CharField(blank=True, db_column='sender', db_index=True, default='', editable=False, max_length=64),
                ),
                migrations.AlterField(
                    model_name='order',
                    name='status',
                    field=models.CharField(choices=[('placed', 'placed, payment page not opened'), ('awaiting', 'waiting for the payment'), ('processing', 'payment under way'), ('review', 'paid, being checked'), ('paid', 'paid'), ('packed', 'packed'), ('sent', 'sent'), ('cancelled', 'cancelled'), ('expired', 'expired without payment'), ('failed', 'payment failed'), ('refunded', 'refunded')], db_index=True, default='placed', max_length=12, verbose_name='status'),
                ),
                migrations.AlterField(
                    model_name='orderevent',
                    name='from_status',
                    field=models.CharField(blank=True, choices=[('placed', 'placed, payment page not opened'), ('awaiting', 'waiting for the payment'), ('processing', 'payment under way'), ('review', 'paid, being checked'), ('paid', 'paid'), ('packed', 'packed'), ('sent', 'sent'), ('cancelled', 'cancelled'), ('expired', 'expired without payment'), ('failed', 'payment failed'), ('refunded', 'refunded')], max_length=12),
                ),
                migrations.AlterField(
                    model_name='orderevent',
                    name='reason',
                    field=models.CharField(blank=True, choices=[('placed', 'The order was placed.'), ('page_open', 'The payment page is open.'), ('new_checkout', 'A new checkout of the basket was started.'), ('came_back', 'The shopper came back without paying.'), ('not_opened', 'The payment page could not be opened in time.'), ('refused', 'Stripe refused to open a payment page.'), ('mismatch', 'Paid, but not what was ordered.'), ('stock_gone', 'Paid, but the stock is gone.'), ('money_back', 'Cancelled though it was paid: refund the payment at Stripe.'), ('unknown_page', 'Stripe does not know its payment page. Was the key changed?'), ('unsettled', 'Stripe’s answer about it could not be saved. The error log says why.'), ('asked_to_look', 'Marked as needing attention:'), ('looked_at', 'Marked as resolved.')], max_length=20, verbose_name='reason'),
                ),
                migrations.AlterField(
                    model_name='orderevent',
                    name='to_status',
                    field=models.CharField(blank=True, choices=[('placed', 'placed, payment page not opened'), ('awaiting', 'waiting for the payment'), ('processing', 'payment under way'), ('review', 'paid, being checked'), ('paid', 'paid'), ('packed', 'packed'), ('sent', 'sent'), ('cancelled', 'cancelled'), ('expired', 'expired without payment'), ('failed', 'payment failed'), ('refunded', 'refunded')], max_length=12),
                ),
                migrations.AlterField(
                    model_name='stockitem',
                    name='on_hand',
                    field=models.PositiveIntegerField(default=0, verbose_name='in stock'),
                ),
                migrations.AlterField(
                    model_name='stockmovement',
                    name='on_hand_change',
                    field=models.IntegerField(verbose_name='change of stock'),
                ),
            ],
        ),
    ]
