"""The personal data of baskets, for its register: they hold no e-mail address and expire by themselves."""

from datetime import datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from policies.personal_data.register import People, PersonalData
from store.models import Basket


def _keep() -> timedelta:
    return timedelta(days=settings.BASKET_KEEP_DAYS)


def expire_baskets(now: datetime) -> int:
    """Delete baskets that were not used for too long and return how many."""
    unused = Basket.objects.filter(updated_at__lt=now - _keep()).exclude(offer__isnull=False)
    return unused.delete()[1].get("store.Basket", 0)


BASKETS = PersonalData(
    key="store.baskets",
    label=_("Baskets"),
    what=_("What was put in, what was written for it, and a random number in a cookie"),
    purpose=_("To keep together what you are choosing"),
    keep=_keep,
    expire=expire_baskets,
    people=(People.VISITORS,),
    replace=lambda: Basket.objects.all().delete(),
    note=_("Nothing links a basket to a person until an order is placed."),
)
