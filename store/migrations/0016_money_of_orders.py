from typing import Any

from django.db import migrations
from django.db.models import Exists, F, OuterRef
from django.utils import timezone


def say_what_was_paid(apps: Any, _schema_editor: Any) -> None:
    paid = apps.get_model("store", "Order").objects.filter(paid_at__isnull=False)
    paid.update(paid_amount=F("total"), paid_currency=F("currency"))


def say_where_refunded_goods_are(apps: Any, _schema_editor: Any) -> None:
    """Return to the status before; the refunds themselves are found at Stripe by the worker."""
    events = apps.get_model("store", "OrderEvent").objects
    for order in apps.get_model("store", "Order").objects.filter(status="refunded"):
        last = events.filter(order_id=order.pk, to_status="refunded").last()
        before = last.from_status if last else "sent"
        order.status = before if before in {"packed", "sent"} else "cancelled"
        order.save(update_fields=["status"])


def hold_back_what_was_sold_out(apps: Any, _schema_editor: Any) -> None:
    """An order that was paid after its stock had gone could be packed; staff decide, as of new ones."""
    model = apps.get_model("store", "OrderEvent")
    movements = apps.get_model("store", "StockMovement").objects
    orders = apps.get_model("store", "Order").objects.filter(
        Exists(model.objects.filter(order=OuterRef("pk"), reason="stock_gone")),
        ~Exists(movements.filter(order=OuterRef("pk"), kind="sold")),
        status="paid",
        needs_attention=True,
    )
    for order in list(orders):
        order.status = "review"
        order.save(update_fields=["status"])
        steps = {"from_status": "paid", "to_status": "review", "by": "worker"}
        model.objects.create(order_id=order.pk, happened_at=timezone.now(), **steps)


class Migration(migrations.Migration):

    dependencies = [
        ('store', '0015_refunds'),
    ]

    operations = [
        migrations.RunPython(say_what_was_paid, migrations.RunPython.noop),
        migrations.RunPython(say_where_refunded_goods_are, migrations.RunPython.noop),
        migrations.RunPython(hold_back_what_was_sold_out, migrations.RunPython.noop),
    ]
