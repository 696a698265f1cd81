"""Sign-in: the name by which django-axes counts attempts, and throttled requests for a new password."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.forms import PasswordResetForm
from django.http import HttpRequest, HttpResponse
from django.utils.translation import ngettext_lazy
from wagtail.admin.views.account import PasswordResetView

from home.throttling import Limit, client_ip, minutes_to_wait, too_many_requests

RESETS_OF_CLIENT = Limit("password-resets", most=10, window=timedelta(hours=1))
RESETS_OF_ACCOUNT = Limit("password-resets-of-account", most=3, window=timedelta(hours=1))
TOO_MANY = ngettext_lazy(
    "This was asked for several times within the hour. Please wait %(minutes)s minute, then try again.",
    "This was asked for several times within the hour. Please wait %(minutes)s minutes, then try again.",
    "minutes",
)
NAME_LENGTH = 255  # of the columns that count attempts


def account_name(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str | None:
    """Return the name that somebody signs in with, in one form: accounts ignore case, so counters do too."""
    given = (credentials or request.POST).get(settings.AXES_USERNAME_FORM_FIELD)
    return str(given).strip().casefold()[:NAME_LENGTH] if given is not None else None


class LimitedPasswordResetView(PasswordResetView):
    """Wagtail's request for a new password, a few times an hour for each client and each account.

    The answer does not tell whether the account exists.
    """

    def form_valid(self, form: PasswordResetForm) -> HttpResponse:
        """Send the link, or tell how long to wait."""
        client = client_ip(self.request)
        account = form.cleaned_data["email"].strip().casefold()
        if wait := RESETS_OF_CLIENT.take(client) or RESETS_OF_ACCOUNT.take(account):
            form.add_error("email", TOO_MANY % {"minutes": minutes_to_wait(wait)})
            return too_many_requests(self.render_to_response(self.get_context_data(form=form)), wait)
        return super().form_valid(form)
