"""What consent contributes to the register of personal data: the records of choices about cookies."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from policies.consent import daily_sums
from policies.ledger import entries
from policies.models import ConsentRecord
from policies.models.consents import time_of_keeping
from policies.personal_data.register import People, PersonalData, nothing


@transaction.atomic
def expire(now: datetime) -> int:
    """Delete the records that were kept long enough, and enter how many into the ledger; return that."""
    before = now - time_of_keeping()
    daily_sums.forget(before=before)
    count = ConsentRecord.objects.remove_made_before(before)
    entries.cut_off(kind=ConsentRecord.ledger_kind, before=before, count=count, at=now)
    return count


CONSENT_RECORDS = PersonalData(
    key="policies.consent",
    label=_("Cookie choices"),
    # Published policies hold these words: others are drift on every site that upgrades.
    what=_("What was chosen, when, and which text was shown. No name, no address, no IP."),
    purpose=_("To be able to show that a choice was made, and which one"),
    keep=time_of_keeping,
    expire=expire,
    people=(People.VISITORS,),
    replace=nothing,
    note=_(
        "Nothing links a record to a person; only someone with the record id can find it. It says as well whether "
        "the browser asked not to be tracked."
    ),
)
