"""What tests of policies read on the admin's screens, and send to them."""

from typing import Any

from cookie_consent.models import CookieGroup
from django.test import Client
from wagtail.models import Site

from home.models import BrandSettings
from policies.models import Policy

CATEGORY = {"name": "Analytics", "varname": "analytics", "description": "Counts visits.", "ordering": "0"}
BUTTON = "Make a draft with the current facts"


def cookie_fields(group: CookieGroup, **fields: str) -> dict[str, str]:
    """Fill in the form of a cookie."""
    values = {
        "cookiegroup": str(group.pk),
        "name": "_ga_*",
        "description": "Tells visits apart.",
        "provider": "This site",
        "duration": "6 months",
        "party": "first",
        "storage": "cookie",
        "policy_url": "",
    }
    return {**values, **fields}


def dashboard(client: Client) -> str:
    """Return the words of the panel, spaces collapsed."""
    html = client.get("/admin/").content.decode()
    start = html.find('id="policies-section"')
    return " ".join(html[start : html.find("</section>", start)].split()) if start != -1 else ""


def ask_for_draft(client: Client) -> Any:
    return client.post(f"/admin/policies/{Policy.objects.get().pk}/draft/", follow=True)


def save_brand(client: Client, **values: str) -> str:
    """Save the brand as the admin's form does, and return what the next page says."""
    site = Site.objects.get()
    brand = BrandSettings.for_site(site)
    fields = [
        field.name for field in BrandSettings._meta.local_fields if field.name not in {"id", "site", "logo"}
    ]
    sent = {name: getattr(brand, name) for name in fields} | values
    response = client.post(f"/admin/settings/home/brandsettings/{site.pk}/", sent, follow=True)
    assert BrandSettings.for_site(site).name == sent["name"]
    return said(response.content.decode())


def said(html: str) -> str:
    """Return the part of a page with its messages."""
    start = html.find('class="messages')
    return " ".join(html[start : html.find("</ul>", start)].split()) if start != -1 else ""
