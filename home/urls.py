"""URLs of the home app that are no pages."""

from django.urls import path, re_path

from home import health, views
from home.brand import views as brand_views
from home.search import views as search_views

app_name = "home"

urlpatterns = [
    path("healthz/", health.healthz, name="healthz"),
    path("readyz/", health.readyz, name="readyz"),
    path("search/", search_views.search, name="search"),
    path("robots.txt", views.robots, name="robots"),
    path("favicon.ico", brand_views.icon, name="icon"),
    path("brand/share.png", brand_views.share, name="brand_share"),
    re_path(
        r"^brand/(?P<primary>(?:[0-9a-f]{6})?)-(?P<accent>(?:[0-9a-f]{6})?)-(?P<typeface>[a-z]+)\.css$",
        brand_views.stylesheet,
        name="brand_stylesheet",
    ),
    path(".well-known/security.txt", views.security_txt, name="security_txt"),
]
