"""Whether a VAT number can be one of the country of the business: by the rules of python-stdnum.

Nobody is asked whether it was given to anybody. Numbers are kept as they were typed, since each country writes them in
its own way (CHE-107.787.577 MWST).
"""

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

# Countries whose businesses have numbers of another one.
SHARED = {"IM": "GB", "LI": "CH"}
# Where numbers begin with other letters than the country's code.
PREFIXES = {"GR": "EL"}
COUNTRY_OF = {"EL": "GR", "XI": "GB"}


def check(number: str, country: str) -> None:
    """Refuse what is no VAT number of a country; without a country, of that with whose letters it begins.

    Where nobody has written a rule, any letters and digits will do.
    """
    from stdnum import get_cc_module  # noqa: PLC0415 - only who saves the settings needs it
    from stdnum.eu.vat import MEMBER_STATES  # noqa: PLC0415
    from stdnum.exceptions import ValidationError as NoNumber  # noqa: PLC0415

    if not re.fullmatch(r"[A-Za-z0-9 .\-/+*]*[0-9][A-Za-z0-9 .\-/+*]*", number):
        raise ValidationError(_("Use letters, digits, spaces and - . / only, and at least one digit."))
    letters = number.upper()[:2]
    of = SHARED.get(country, country) or COUNTRY_OF.get(letters, letters)
    in_union = of.lower() in MEMBER_STATES
    begins = PREFIXES.get(of, of)
    if in_union and not number.upper().startswith(begins):
        words = _("Begin with %(letters)s, as invoices in the European Union do; or correct the country.")
        raise ValidationError(words % {"letters": begins})
    rule = get_cc_module(of, "vat") if country or in_union or of in {"GB", "CH", "NO"} else None
    try:
        if rule:
            rule.validate(number)
    except NoNumber as error:
        words = _("This is no VAT number of %(country)s. Check its letters and digits, and the country.")
        raise ValidationError(words % {"country": of}) from error
