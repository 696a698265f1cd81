"""Sign-in: what is counted before a password is checked, what a locked-out person reads, and new passwords.

docs/decisions/0027-locks-on-sign-in.md says why each limit is what it is.
"""

from datetime import timedelta
from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from axes.models import AccessLog
from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm, PasswordResetForm, SetPasswordForm
from django.core.exceptions import ValidationError
from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.translation import ngettext_lazy
from wagtail.admin.forms.auth import LoginForm
from wagtail.admin.views.account import PasswordResetConfirmView, PasswordResetView

from home.models import User
from home.password_hashing import HashingBusyError, refuse_while_busy
from home.throttling import Limit, client_ip, give_all_back, minutes_to_wait, take_all, too_many_requests

COOL_OFF = timedelta(hours=settings.AXES_COOLOFF_TIME)
# Of one account from one client; forgotten when it signs in. Axes counts the same, but only after the check.
PAIR = Limit("sign-ins-of-account-by-client", most=settings.AXES_FAILURE_LIMIT, window=COOL_OFF)
CLIENT = Limit("sign-ins", most=60, window=COOL_OFF)
# From everywhere but the networks where it signed in before.
STRANGERS = Limit("sign-ins-of-account-by-strangers", most=20, window=timedelta(hours=1))
LOCKED = ngettext_lazy(
    "There were too many attempts to sign in. Wait %(minutes)s minute, then try again. To sign in at once, choose "
    "“Forgotten password?” and set a new one.",
    "There were too many attempts to sign in. Wait %(minutes)s minutes, then try again. To sign in at once, choose "
    "“Forgotten password?” and set a new one.",
    "minutes",
)
RESETS_OF_CLIENT = Limit("password-resets", most=10, window=timedelta(hours=1))
RESETS_OF_ACCOUNT = Limit("password-resets-of-account", most=3, window=timedelta(hours=1))
TOO_MANY = ngettext_lazy(
    "This was asked for several times within the hour. Please wait %(minutes)s minute, then try again.",
    "This was asked for several times within the hour. Please wait %(minutes)s minutes, then try again.",
    "minutes",
)
NAME_LENGTH = 255  # of the columns that count attempts
DOT_ABOVE = "\u0307"  # Python makes it of İ, which is the upper case of i for a Turkish database


def account_name(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str | None:
    """Return the name that somebody signs in with, in one form."""
    given = (credentials or request.POST).get(settings.AXES_USERNAME_FORM_FIELD)
    return one_form(str(given)) if given is not None else None


def one_form(name: str) -> str:
    """Return the same for all that the database may take for one address: PostgreSQL compares upper case."""
    return name.strip().upper().casefold().replace(DOT_ABOVE, "")[:NAME_LENGTH]


class SignInHandler(AxesDatabaseHandler):
    """Axes' lock by recorded failures, and limits that count each attempt before its password is checked."""

    # Axes writes into the request, which has no such attributes by its type.
    def is_allowed(self, request: Any, credentials: dict[str, Any] | None = None) -> bool:
        """Count one more attempt; over a limit, return False and leave the seconds to wait in the request."""
        account = account_name(request, credentials) or ""
        is_known = _is_known(request.axes_ip_address, account)
        refuse_while_busy(is_known=is_known)
        if super().is_allowed(request, credentials):
            request.sign_in_counts = _counts(request.axes_ip_address, account, is_known=is_known)
            request.sign_in_wait = take_all(*request.sign_in_counts)
        else:
            request.sign_in_wait = self._seconds_locked(request, credentials)
        return not request.sign_in_wait

    def _seconds_locked(self, request: HttpRequest, credentials: dict[str, Any] | None) -> int:
        latest = self.get_user_attempts(request, credentials)[0].aggregate(time=Max("attempt_time"))["time"]
        return max(1, round((latest + COOL_OFF - timezone.now()).total_seconds())) if latest else 1

    def user_logged_in(self, sender: object, request: Any, user: User, **kwargs: Any) -> None:
        super().user_logged_in(sender, request, user, **kwargs)
        credentials = {settings.AXES_USERNAME_FORM_FIELD: user.get_username()}
        PAIR.give_back(f"{request.axes_ip_address} {account_name(request, credentials)}", all_places=True)
        CLIENT.give_back(request.axes_ip_address)


def _is_known(network: str, account: str) -> bool:
    """Return whether an account signed in from a network before."""
    earlier = AccessLog.objects.filter(username__iexact=account, ip_address=network)
    return bool(network) and earlier.exists()


def _counts(network: str, account: str, *, is_known: bool) -> list[tuple[Limit, str]]:
    """Return the limits that count an attempt, and as what."""
    counts = [(PAIR, f"{network} {account}"), (CLIENT, network)]
    return counts if is_known else [*counts, (STRANGERS, account)]


class _ToldToWait(AuthenticationForm):
    def clean(self) -> dict[str, Any]:
        try:
            return super().clean()
        except HashingBusyError:
            give_all_back(*getattr(self.request, "sign_in_counts", ()))
            raise

    def get_invalid_login_error(self) -> ValidationError:
        if not getattr(self.request, "axes_locked_out", False):
            return super().get_invalid_login_error()
        return ValidationError(LOCKED % {"minutes": minutes_to_wait(_wait(self.request))}, code="locked")


class SignInForm(_ToldToWait, LoginForm):
    """The admin's form, which tells a locked-out person how long to wait."""


class PageSignInForm(_ToldToWait):
    """The same for the form in front of pages that only some accounts may see."""


def locked_out(request: HttpRequest, response: HttpResponse, _credentials: object) -> HttpResponse:
    """Make a response, which shows the form above, the answer to a locked-out person."""
    return too_many_requests(response, _wait(request))


def _wait(request: HttpRequest | None) -> int:
    """Return the seconds that a locked-out person waits: the whole time after the failure that locked."""
    return getattr(request, "sign_in_wait", 0) or round(COOL_OFF.total_seconds())


class LimitedPasswordResetView(PasswordResetView):
    """Wagtail's request for a new password, a few times an hour for each client and each account.

    The answer does not tell whether the account exists.
    """

    def form_valid(self, form: PasswordResetForm) -> HttpResponse:
        """Send the link, or tell how long to wait."""
        client = client_ip(self.request)
        account = one_form(form.cleaned_data["email"])
        if wait := RESETS_OF_CLIENT.take(client) or RESETS_OF_ACCOUNT.take(account):
            form.add_error("email", TOO_MANY % {"minutes": minutes_to_wait(wait)})
            return too_many_requests(self.render_to_response(self.get_context_data(form=form)), wait)
        return super().form_valid(form)


class NewPasswordView(PasswordResetConfirmView):
    """Wagtail's form for a new password, which also signs in: the way past a lock that strangers keep closed."""

    post_reset_login = True
    post_reset_login_backend = "django.contrib.auth.backends.ModelBackend"
    success_url = reverse_lazy("wagtailadmin_home")

    def form_valid(self, form: SetPasswordForm) -> HttpResponse:
        """Save it, in the place that is kept: whoever comes here has the link from the e-mail."""
        refuse_while_busy(is_known=True)
        return super().form_valid(form)
