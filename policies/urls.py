"""Public addresses of policies and consent. They stand ahead of Wagtail's own, so they outlive every page.

The addresses below a slug belong to a policy only where one with that slug was published; all others are handed on
to Wagtail by the views.
"""

from django.urls import path, register_converter

from policies.views import cookies, policies


class PageSlug:
    """A page's slug as Wagtail allows it: letters of any script, digits, hyphens, underscores."""

    regex = r"[-\w]+"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(PageSlug, "page_slug")

app_name = "policies"

urlpatterns = [
    path("cookies/", cookies.cookies, name="cookies"),
    path("cookies/receipt.json", cookies.receipt, name="receipt"),
    path(".well-known/gpc.json", cookies.gpc, name="gpc"),
    path("<page_slug:slug>/", policies.policy, name="policy"),
    path("<page_slug:slug>/versions/", policies.versions, name="versions"),
    path("<page_slug:slug>/versions/<int:number>/", policies.version, name="version"),
    path("<page_slug:slug>/versions/<int:number>/record.json", policies.record, name="record"),
    path(
        "<page_slug:slug>/versions/<int:number>/record.json.sha256", policies.record_hash, name="record_hash"
    ),
    path("<page_slug:slug>/compare/<int:old>/<int:new>/", policies.compare, name="compare"),
    path(
        "<page_slug:slug>/compare/<int:old>/<int:new>/side-by-side/",
        policies.compare_side_by_side,
        name="compare_side_by_side",
    ),
    path("<page_slug:slug>/compare/", policies.choose_comparison, name="choose_comparison"),
    path("<page_slug:slug>/feed/", policies.feed, name="feed"),
    path("<page_slug:slug>/on/<str:day>/", policies.on, name="on"),
]
