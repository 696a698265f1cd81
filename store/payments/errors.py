"""How a call to Stripe, or a webhook of Stripe's, can fail.

That of a call tells whether Stripe certainly did nothing (`RefusedError`) or may have done it (`UnreachableError`).
"""

from datetime import timedelta


class PaymentError(Exception):
    """A call to Stripe failed."""


class RefusedError(PaymentError):
    """Stripe refused, so it did nothing."""


class UnknownKeyError(RefusedError):
    """Stripe does not know the key in the settings."""


class NotPermittedError(RefusedError):
    """The key is a restricted one without the permission for this."""


class EmailRefusedError(RefusedError):
    """Stripe does not accept the shopper's e-mail address."""


class EndRefusedError(RefusedError):
    """Stripe does not take the time at which a payment page is to close: our clock differs from Stripe's."""


class BusyError(RefusedError):
    """Nothing was done because of too many requests, there or here; Stripe may be asked again."""


class UnreachableError(PaymentError):
    """No answer, or none to rely on: Stripe may have done it or not."""


class NotFoundError(RefusedError):
    """Stripe has nothing of that id."""


class SignatureError(PaymentError):
    """A webhook has no valid signature of Stripe."""


class StaleError(SignatureError):
    """Stripe signed a webhook more than five minutes ago, by our clock and by Stripe's."""

    def __init__(self, age: timedelta) -> None:
        super().__init__(f"It is {age.total_seconds():.0f} seconds old.")
        self.age = age
