"""Every mail that the shop sends, a function each. They are queued with what they tell of; the worker sends them."""

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from post_office.models import Email

from home import mail_queue
from home.models import BrandSettings
from store.models import Order


def order_paid(order: Order) -> Email:
    """Confirm a paid order to the shopper (on a durable medium: Directive 2011/83/EU, article 8(7))."""
    brand = BrandSettings.current()
    text = render_to_string(
        "emails/order_paid.txt",
        {
            "order": order,
            "lines": order.lines.all(),
            "site_url": settings.SITE_URL,
            "brand": brand,
        },
    )
    return mail_queue.queue(
        to=[order.email],
        subject=_("Your order %(number)s") % {"number": order.number},
        text=text.strip() + "\n",
        reply_to=brand.email,
    )
