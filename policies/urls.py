"""Public URLs of policies and consent. They come ahead of Wagtail's own, so they outlive every page.

The URLs below a slug belong to a policy only where one with that slug was published; all others are handed on
to Wagtail by the views.
"""

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from policies.consent import views as consent_views
from policies.ledger import views as ledger_views
from policies.versions import views as version_views


class PageSlug(StringConverter):
    """A page's slug as Wagtail allows it: letters of any script, digits, hyphens, underscores."""

    regex = r"[-\w]+"


register_converter(PageSlug, "page_slug")

app_name = "policies"

urlpatterns = [
    path("cookies/", consent_views.cookies_page, name="cookies"),
    path("cookies/receipt.json", consent_views.receipt, name="receipt"),
    path("cookies/proof.json", consent_views.proof, name="consent_proof"),
    path(".well-known/check_proof.py", ledger_views.check_proof, name="check_proof"),
    path(".well-known/gpc.json", consent_views.gpc, name="gpc"),
    path(".well-known/policy-ledger.json", ledger_views.newest_head, name="ledger"),
    path("<page_slug:slug>/", version_views.policy, name="policy"),
    path("<page_slug:slug>/versions/", version_views.versions, name="versions"),
    path("<page_slug:slug>/versions/<int:number>/", version_views.version, name="version"),
    path("<page_slug:slug>/versions/<int:number>/record.json", version_views.record, name="record"),
    path(
        "<page_slug:slug>/versions/<int:number>/record.json.sha256",
        version_views.record_hash,
        name="record_hash",
    ),
    path("<page_slug:slug>/versions/<int:number>/proof.json", version_views.proof, name="proof"),
    path("<page_slug:slug>/compare/<int:old>/<int:new>/", version_views.compare, name="compare"),
    path(
        "<page_slug:slug>/compare/<int:old>/<int:new>/<slug:way>/", version_views.compare, name="compare_as"
    ),
    path("<page_slug:slug>/compare/", version_views.choose_comparison, name="choose_comparison"),
    path("<page_slug:slug>/feed/", version_views.feed, name="feed"),
    path("<page_slug:slug>/on/", version_views.choose_day, name="choose_day"),
    path("<page_slug:slug>/on/<str:day>/", version_views.on, name="on"),
]
