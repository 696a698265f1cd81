"""All URLs. Policies come before Wagtail's: a published version answers whatever becomes of its page."""

from django.apps import apps
from django.conf import settings
from django.templatetags.static import static
from django.urls import URLPattern, URLResolver, include, path, register_converter
from django.utils.functional import lazy
from django.views.decorators.cache import never_cache
from django.views.generic import RedirectView
from wagtail import urls as wagtail_urls
from wagtail.admin import urls as wagtailadmin_urls
from wagtail.documents import urls as wagtaildocs_urls

from config import views

handler400 = views.bad_request
register_converter(views.PageWithoutApp, "page_without_app")

urlpatterns: list[URLPattern | URLResolver] = [
    path("admin/password_reset/", never_cache(views.LimitedPasswordResetView.as_view())),
    path("admin/pages/<page_without_app:page>/<path:action>", views.page_without_app),
    path(settings.ADMIN_PATH.lstrip("/"), include(wagtailadmin_urls)),
    path("documents/", include(wagtaildocs_urls)),
    path("sitemap.xml", views.site_map, name="sitemap"),
    # Asked for by browsers where no page names an icon: beside a record, a document, a feed.
    path("favicon.ico", RedirectView.as_view(url=lazy(static, str)("img/favicon.svg"))),
    path("", include("home.urls")),
]

if settings.SERVE_MEDIA:
    urlpatterns += [path(f"{settings.MEDIA_URL.lstrip('/')}<path:path>", views.media)]

if apps.is_installed("store"):
    urlpatterns += [path("", include("store.urls"))]

urlpatterns += [
    path("", include("policies.urls")),
    path("", include(wagtail_urls)),
]
