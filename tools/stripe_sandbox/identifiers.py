"""Names of objects, made the way Stripe's look: a prefix that tells the kind, then letters and digits by chance."""

import secrets
import string

LETTERS = string.ascii_letters + string.digits
LENGTHS = {"cs_test_a1": 56, "pi_3": 23, "ch_3": 23, "re_3": 23, "evt_1": 23, "pm_1": 23, "req_": 14}
USUAL_LENGTH = 24


def new_id(prefix: str) -> str:
    """Return a name that nobody has and nobody can guess."""
    length = LENGTHS.get(prefix, USUAL_LENGTH)
    return prefix + "".join(secrets.choice(LETTERS) for _ in range(length))
