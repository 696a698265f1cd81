"""What consent contributes to the register of personal data: the records of choices about cookies."""

from django.utils.translation import gettext_lazy as _

from policies.models import ConsentRecord
from policies.models.consents import time_of_keeping
from policies.personal_data.register import PersonalData

CONSENT_RECORDS = PersonalData(
    key="policies.consent",
    label=_("Cookie choices"),
    what=_("What was chosen, when, and which text was shown. No name, no address, no IP."),
    purpose=_("To be able to show that a choice was made, and which one"),
    keep=time_of_keeping,
    expire=ConsentRecord.objects.remove_kept_long_enough,
    note=_("Nothing links a record to a person; only someone with the record id can find it."),
)
