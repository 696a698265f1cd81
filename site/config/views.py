"""Views in front of third-party ones: each adds what the site must hold to, and leaves the rest as it is."""

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.forms import PasswordResetForm
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.utils.translation import ngettext_lazy
from django.views.decorators.http import require_safe
from django.views.static import serve
from wagtail.admin.views.account import PasswordResetView
from wagtail.contrib.sitemaps.views import sitemap
from wagtail.models import Site

from home.client import client_address
from home.throttling import Limit, minutes_to_wait

RESETS_OF_SENDER = Limit("password-resets", most=10, window=timedelta(hours=1))
RESETS_OF_ACCOUNT = Limit("password-resets-of-account", most=3, window=timedelta(hours=1))

TOO_MANY = ngettext_lazy(
    "This was asked for several times within the hour. Please wait %(minutes)s minute, then try again.",
    "This was asked for several times within the hour. Please wait %(minutes)s minutes, then try again.",
    "minutes",
)

# Whatever a file holds, opened by itself it runs nothing and asks nobody (an SVG is a document to a browser).
MEDIA_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'"


class LimitedPasswordResetView(PasswordResetView):
    """Wagtail's request for a new password, a few times an hour for each sender and each address.

    Whether an account has the address makes no difference to the answer.
    """

    def form_valid(self, form: PasswordResetForm) -> HttpResponse:
        """Send the link, or say how long to wait."""
        sender = client_address(self.request)
        account = form.cleaned_data["email"].strip().casefold()
        wait = max(RESETS_OF_SENDER.seconds_to_wait(sender), RESETS_OF_ACCOUNT.seconds_to_wait(account))
        if wait:
            form.add_error("email", TOO_MANY % {"minutes": minutes_to_wait(wait)})
            response = self.render_to_response(self.get_context_data(form=form), status=429)
            response.headers["Retry-After"] = str(wait)
            return response
        RESETS_OF_SENDER.count(sender)
        RESETS_OF_ACCOUNT.count(account)
        return super().form_valid(form)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say that a request was not understood, or was too much: Django reads a form up to a bound."""
    is_too_large = isinstance(exception, (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent))
    return HttpResponse(render_to_string("400.html", {"is_too_large": is_too_large}), status=400)


@require_safe
def media(request: HttpRequest, path: str) -> HttpResponseBase:
    """Hand out a picture, where no web server in front does."""
    try:
        response = serve(request, path, document_root=settings.MEDIA_ROOT)
    except (OSError, ValueError) as error:  # a name longer than any file's
        raise Http404 from error
    response.headers["Content-Security-Policy"] = MEDIA_POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@require_safe
def site_map(request: HttpRequest) -> HttpResponseBase:
    """Answer with Wagtail's site map; without a site there is none."""
    if Site.find_for_request(request) is None:
        raise Http404
    return sitemap(request)
