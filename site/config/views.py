"""Views in front of third-party ones: throttled password resets, media files, the site map, bad requests."""

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.forms import PasswordResetForm
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.urls.converters import IntConverter
from django.utils.translation import ngettext_lazy
from django.views.decorators.http import require_safe
from django.views.static import serve
from wagtail.admin.views.account import PasswordResetView
from wagtail.contrib.sitemaps.sitemap_generator import Sitemap
from wagtail.contrib.sitemaps.views import sitemap
from wagtail.models import Page, Site
from wagtail.query import PageQuerySet

from home.client import client_ip
from home.throttling import Limit, minutes_to_wait

RESETS_OF_CLIENT = Limit("password-resets", most=10, window=timedelta(hours=1))
RESETS_OF_ACCOUNT = Limit("password-resets-of-account", most=3, window=timedelta(hours=1))

TOO_MANY = ngettext_lazy(
    "This was asked for several times within the hour. Please wait %(minutes)s minute, then try again.",
    "This was asked for several times within the hour. Please wait %(minutes)s minutes, then try again.",
    "minutes",
)

# A file opened by itself runs and fetches nothing, whatever it holds (an SVG is a document to a browser).
MEDIA_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'"


class LimitedPasswordResetView(PasswordResetView):
    """Wagtail's request for a new password, a few times an hour for each client and each account.

    The answer does not tell whether the account exists.
    """

    def form_valid(self, form: PasswordResetForm) -> HttpResponse:
        """Send the link, or tell how long to wait."""
        client = client_ip(self.request)
        account = form.cleaned_data["email"].strip().casefold()
        wait = max(RESETS_OF_CLIENT.seconds_to_wait(client), RESETS_OF_ACCOUNT.seconds_to_wait(account))
        if wait:
            form.add_error("email", TOO_MANY % {"minutes": minutes_to_wait(wait)})
            response = self.render_to_response(self.get_context_data(form=form), status=429)
            response.headers["Retry-After"] = str(wait)
            return response
        RESETS_OF_CLIENT.count(client)
        RESETS_OF_ACCOUNT.count(account)
        return super().form_valid(form)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Explain a bad request, or one that is larger than Django reads."""
    is_too_large = isinstance(exception, (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent))
    return HttpResponse(render_to_string("400.html", {"is_too_large": is_too_large}), status=400)


@require_safe
def media(request: HttpRequest, path: str) -> HttpResponseBase:
    """Serve an uploaded file where no web server does."""
    try:
        response = serve(request, path, document_root=settings.MEDIA_ROOT)
    except (OSError, ValueError) as error:  # a name longer than any file's
        raise Http404 from error
    response.headers["Content-Security-Policy"] = MEDIA_POLICY
    return response


class PagesOfInstalledApps(Sitemap):
    """Wagtail's site map without pages whose app is not installed any more."""

    def items(self) -> PageQuerySet:
        return super().items().type(Page)


class PageWithoutApp(IntConverter):
    """Matches the number of a page whose app is not installed any more."""

    def to_python(self, value: str) -> int:
        number = super().to_python(value)
        if not Page.objects.filter(pk=number).not_type(Page).exists():
            raise ValueError
        return number


def page_without_app(request: HttpRequest, **_kwargs: object) -> HttpResponse:
    """Answer 404: what Wagtail's admin does with pages needs their models."""
    raise Http404


@require_safe
def site_map(request: HttpRequest) -> HttpResponseBase:
    """Return Wagtail's site map; 404 without a site."""
    if Site.find_for_request(request) is None:
        raise Http404
    return sitemap(request, {"wagtail": PagesOfInstalledApps})
