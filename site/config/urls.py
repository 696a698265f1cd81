"""All URLs. Policies come before Wagtail's: a published version answers whatever becomes of its page."""

from django.apps import apps
from django.conf import settings
from django.contrib.auth.views import LoginView
from django.urls import URLPattern, URLResolver, include, path, register_converter
from django.views.decorators.cache import never_cache
from wagtail import urls as wagtail_urls
from wagtail import views as wagtail_views
from wagtail.admin import urls as wagtailadmin_urls
from wagtail.documents import urls as wagtaildocs_urls
from wagtail.documents.views import serve as documents
from wagtail.models import CollectionViewRestriction, PageViewRestriction

from config.serve_media import serve_media
from config.shared_passwords import limited
from config.sign_in import LimitedPasswordResetView, NewPasswordView, PageSignInForm
from home import admin_menu, missing_app_pages, page_bin, site_map, views
from policies.versions.sitemap import PolicySitemap

handler400 = views.bad_request
handler500 = views.server_error
register_converter(missing_app_pages.MissingAppPageConverter, "missing_app_page")

SITEMAPS: site_map.Sitemaps = {"policies": PolicySitemap, "pages": site_map.PagesSitemap}

urlpatterns: list[URLPattern | URLResolver] = [
    # Wagtail's own URLs, each before it: its views are never reached.
    path("admin/password_reset/", never_cache(LimitedPasswordResetView.as_view())),
    path("admin/password_reset/confirm/<uidb64>/<token>/", NewPasswordView.as_view()),
    path(
        "_util/login/",
        LoginView.as_view(template_name="wagtailcore/login.html", authentication_form=PageSignInForm),
    ),
    path(
        "_util/authenticate_with_password/<int:page_view_restriction_id>/<int:page_id>/",
        limited(wagtail_views.authenticate_with_password, PageViewRestriction, "page_view_restriction_id"),
    ),
    path(
        "documents/authenticate_with_password/<int:restriction_id>/",
        limited(documents.authenticate_with_password, CollectionViewRestriction, "restriction_id"),
    ),
    path("admin/pages/", admin_menu.explore),
    path("admin/pages/search/", page_bin.PageSearchView.as_view()),
    path("admin/pages/search/results/", page_bin.PageSearchView.as_view(results_only=True)),
    path("admin/api/main/pages/<int:pk>/action/<str:name>/", page_bin.no_action),
    path("admin/pages/<missing_app_page:page>/<path:action>", missing_app_pages.answer_not_found),
    path(settings.ADMIN_PATH.lstrip("/"), include(wagtailadmin_urls)),
    path("documents/", include(wagtaildocs_urls)),
    path("sitemap.xml", site_map.index, {"sitemaps": SITEMAPS}, name="sitemap"),
    path("sitemap-<slug:name>-<int:number>.xml", site_map.part, {"sitemaps": SITEMAPS}, name="sitemap_part"),
    path("", include("home.urls")),
]

if settings.SERVE_MEDIA:
    urlpatterns += [path(f"{settings.MEDIA_URL.lstrip('/')}<path:path>", serve_media)]

if apps.is_installed("store"):
    urlpatterns += [path("", include("store.urls"))]

if apps.is_installed("demo"):  # in development and tests only
    urlpatterns += [path("demo/", include("demo.urls"))]

urlpatterns += [
    path("", include("forms.urls")),
    path("", include("policies.urls")),
    path("", include(wagtail_urls)),
]
